import type { ComponentProps } from "react";
import { useState } from "react";
import { t } from "../text/index.ts";
import { IconButton } from "./Button.tsx";
import { Field } from "./Field.tsx";

/** A password that can be looked at, because long ones are typed wrong more often than they are overseen. */
export function PasswordField(props: Omit<ComponentProps<typeof Field>, "type" | "adornment">) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? "text" : "password"}
      autoCapitalize="none"
      spellCheck={false}
      adornment={
        <IconButton
          icon={shown ? "eyeOff" : "eye"}
          label={shown ? t.session.hidePassword : t.session.showPassword}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        />
      }
    />
  );
}
