/** A backup of everything in one file, locked with a passphrase that is kept nowhere. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { download } from "../../api/client.ts";
import { faultWords } from "../../core/problem.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Switch } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PasswordField } from "../../ui/PasswordField.tsx";

const SHORTEST = 8;
const MOST_MS = 3_600_000;

export function BackupCard() {
  const words = t.replication;
  const [passphrase, setPassphrase] = useState("");
  const [recordings, setRecordings] = useState(true);
  const save = useMutation({
    mutationFn: () =>
      download("/backup/locked", `bellwire-${new Date().toISOString().slice(0, 10)}.backup`, {
        method: "POST",
        body: { passphrase, recordings },
        timeoutMs: MOST_MS,
      }),
    onSuccess: () => setPassphrase(""),
  });
  return (
    <Card title={words.backup}>
      <form
        className="flex flex-col gap-3 px-4 pt-1 pb-5 sm:px-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (passphrase.length >= SHORTEST) save.mutate();
        }}
      >
        <p className="text-pretty text-soft">{words.backupHelp}</p>
        <PasswordField
          label={words.passphrase}
          help={words.passphraseHelp}
          autoComplete="new-password"
          value={passphrase}
          onChange={(event) => setPassphrase(event.target.value)}
        />
        <Switch label={words.recordings} checked={recordings} onChange={setRecordings} />
        <div>
          <Button type="submit" icon="download" busy={save.isPending} disabled={passphrase.length < SHORTEST}>
            {words.download}
          </Button>
        </div>
        {save.error !== null && (
          <Notice tone="bad" alert>
            {faultWords(save.error, t)}
          </Notice>
        )}
      </form>
    </Card>
  );
}
