import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { request } from "../../api/client.ts";
import { settingsQuery } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import { chooseLanguage, language, LANGUAGES, t, type Language } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";
import type { OfficeSettings } from "../../schema.gen.ts";
import { StepFrame } from "./StepFrame.tsx";

export function OfficeStep({ onNext }: { readonly onNext: () => void }) {
  const query = useQuery(settingsQuery);
  return <Loaded query={query}>{(settings) => <OfficeForm settings={settings} onNext={onNext} />}</Loaded>;
}

function OfficeForm({ settings, onNext }: { readonly settings: OfficeSettings; readonly onNext: () => void }) {
  const client = useQueryClient();
  const zone: Readonly<Record<string, unknown>> = { ...settings };
  const known = zone["time_zone"];
  const knowsZone = typeof known === "string";
  const [name, setName] = useState(settings.office_name);
  const [timeZone, setTimeZone] = useState(
    (knowsZone && known) || Intl.DateTimeFormat().resolvedOptions().timeZone,
  );
  const save = useMutation({
    mutationFn: () =>
      request<OfficeSettings>("/settings", {
        method: "PATCH",
        body: { office_name: name.trim(), ...(knowsZone ? { time_zone: timeZone.trim() } : {}) },
      }),
    onSuccess: (saved) => {
      client.setQueryData(settingsQuery.queryKey, saved);
      onNext();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <StepFrame
        title={t.admin.welcome.officeTitle}
        help={t.admin.welcome.officeHelp}
        onSkip={onNext}
        next={
          <Button type="submit" look="primary" busy={save.isPending} disabled={name.trim() === ""}>
            {t.admin.welcome.next}
          </Button>
        }
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label={t.admin.welcome.officeName}
            name="office_name"
            placeholder={t.admin.welcome.officeExample}
            maxLength={80}
            autoComplete="organization"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <Select
            label={t.shell.language}
            help={t.admin.welcome.languageHelp}
            value={language}
            options={Object.entries(LANGUAGES)}
            onChoose={(chosen) => chooseLanguage(chosen as Language)}
          />
          {knowsZone && (
            <Select
              label={t.admin.welcome.timeZone}
              help={t.admin.welcome.timeZoneHelp}
              value={timeZone}
              options={zones(timeZone).map((each): readonly [string, string] => [each, each.replaceAll("_", " ")])}
              onChoose={setTimeZone}
            />
          )}
        </div>
        {save.error !== null && (
          <Notice tone="bad" alert>
            {faultWords(save.error, t)}
          </Notice>
        )}
      </StepFrame>
    </form>
  );
}

function zones(chosen: string): readonly string[] {
  const all = Intl.supportedValuesOf("timeZone");
  return all.includes(chosen) || chosen === "" ? all : [chosen, ...all];
}
