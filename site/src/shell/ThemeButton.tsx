import { t } from "../text/index.ts";
import { IconButton } from "../ui/Button.tsx";
import { useTheme, type Theme } from "./theme.ts";

const ICONS = { system: "system", light: "sun", dark: "moon" } as const satisfies Record<Theme, string>;

export function ThemeButton() {
  const [theme, next] = useTheme();
  return <IconButton icon={ICONS[theme]} label={t.theme.next(t.theme[theme])} onClick={next} />;
}
