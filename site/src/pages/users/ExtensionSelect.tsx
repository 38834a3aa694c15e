import type { Directory } from "../../core/history.ts";
import { t } from "../../text/index.ts";
import { Select } from "../../ui/Select.tsx";

interface ExtensionSelectProps {
  readonly value: string | null;
  readonly directory: Directory;
  readonly fault?: string | undefined;
  readonly onChoose: (extension: string | null) => void;
}

/** Whose phone is theirs. */
export function ExtensionSelect({ value, directory, fault, onChoose }: ExtensionSelectProps) {
  const known = [...directory.values()].map(({ number, name }): readonly [string, string] => [number, `${number} · ${name}`]);
  const missing = value !== null && !directory.has(value) ? [[value, value] as const] : [];
  return (
    <Select
      label={t.admin.users.extension}
      help={t.admin.users.extensionHelp}
      fault={fault}
      value={value ?? ""}
      options={[["", t.admin.users.noExtension], ...missing, ...known]}
      onChoose={(chosen) => onChoose(chosen === "" ? null : chosen)}
    />
  );
}
