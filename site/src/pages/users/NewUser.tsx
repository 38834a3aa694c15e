import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { ROLES, type Role } from "../../core/access.ts";
import { faultWords, faultsByField, RequestFault } from "../../core/problem.ts";
import { madeUpPassword } from "../../core/secret.ts";
import { useDirectory } from "../../live/useLive.ts";
import { createUser, USERS } from "../../office/accounts.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";
import { ExtensionSelect } from "./ExtensionSelect.tsx";
import { InviteLink } from "./InviteLink.tsx";
import { HandOver } from "./NewPassword.tsx";

/** A new user gets a made-up password, shown once: nobody has to think of one for somebody else. */
export function NewUser({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const directory = useDirectory();
  const [username, setUsername] = useState("");
  const [role, setRole] = useState<Role>("user");
  const [extension, setExtension] = useState<string | null>(null);
  const [sent, setSent] = useState(false);
  const creation = useMutation({
    mutationFn: async () => {
      const password = madeUpPassword(crypto.getRandomValues(new Uint8Array(16)));
      const user = await createUser({ username: username.trim(), password, role, extension });
      return { user, password };
    },
    onSuccess: () => client.invalidateQueries({ queryKey: USERS }),
  });
  const taken = creation.error instanceof RequestFault && creation.error.status === 409;
  const faults = faultsByField(creation.error);
  const lonely = sent && role === "user" && extension === null ? t.admin.users.needsExtension : undefined;
  const nameless = sent && username.trim() === "" ? t.setup.needUsername : taken ? t.admin.users.taken : faults["username"];
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setSent(true);
    if (username.trim() !== "" && (role !== "user" || extension !== null)) creation.mutate();
  };
  return (
    <Dialog shape="side" label={t.admin.users.newTitle} onClose={onClose}>
      <DrawerHead title={t.admin.users.newTitle} lead={t.admin.users.newLead} onClose={onClose} />
      {creation.data !== undefined ? (
        <div className="flex flex-col gap-5 p-5">
          <InviteLink id={creation.data.user.id} username={creation.data.user.username} />
          <HandOver username={creation.data.user.username} password={creation.data.password} />
          <Button look="primary" onClick={onClose} className="self-end">
            {t.admin.done}
          </Button>
        </div>
      ) : (
        <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-5">
          <Field
            label={t.session.username}
            name="username"
            data-focus-first
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={64}
            fault={nameless}
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
          <Select
            label={t.admin.users.role}
            help={t.admin.roleHelp[role]}
            value={role}
            options={ROLES.map((each) => [each, t.admin.roles[each]])}
            onChoose={(chosen) => setRole(chosen as Role)}
          />
          <ExtensionSelect value={extension} directory={directory} fault={lonely ?? faults["extension"]} onChoose={setExtension} />
          {creation.error !== null && !taken && Object.keys(faults).length === 0 && (
            <Notice tone="bad" alert>
              {faultWords(creation.error, t)}
            </Notice>
          )}
          <div className="mt-2 flex justify-end gap-2">
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" look="primary" busy={creation.isPending}>
              {t.admin.users.create}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
