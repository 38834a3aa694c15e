/** What is shown while there is no phone: how to get one, or why there can be none. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMay } from "../media/useMay.ts";
import { useSession } from "../shell/session.tsx";
import { p } from "../text/phone.ts";
import { Button } from "../ui/Button.tsx";
import { Icon, type IconName } from "../ui/Icon.tsx";
import { desk } from "./desk.ts";
import { usePhone } from "./usePhone.ts";

export function Start({ extension }: { readonly extension: string | null }) {
  const { phase, fault } = usePhone();
  if (extension === null) return <NoExtension />;
  if (phase === "insecure") return <Insecure />;
  if (phase === "starting") return <Card icon="phone" title={p.start.starting} help="" />;
  if (phase === "unreachable") {
    return (
      <Card icon="unplugged" title={p.start.unreachable} help={p.start.unreachableHelp}>
        <Button onClick={() => desk.do({ do: "wake" })}>{p.start.again}</Button>
      </Card>
    );
  }
  if (phase === "refused") {
    return (
      <Card icon="lock" title={p.start.refused} help={fault}>
        <Button onClick={() => desk.do({ do: "wake" })}>{p.start.again}</Button>
      </Card>
    );
  }
  return (
    <Card icon="phone" title={p.start.title} help={p.start.help}>
      <Button look="primary" icon="phone" className="min-h-12! px-5! text-lead!" onClick={() => {
          desk.enter(extension);
          desk.turnOn();
        }}>
        {p.start.button}
      </Button>
    </Card>
  );
}

/** Whoever may choose an extension for others may for themselves. */
function NoExtension() {
  const { user } = useSession();
  const may = useMay("users:write");
  return (
    <Card icon="user" title={p.start.noExtension} help={may ? p.start.chooseExtension : p.start.noExtensionHelp}>
      {may && (
        <Link to="/users" search={{ open: user.id }} className="inline-flex min-h-11 items-center rounded-lg bg-accent px-4 font-medium text-on-accent hover:bg-accent-hover">
          {p.start.choose}
        </Link>
      )}
    </Card>
  );
}

function Insecure() {
  const secure = new URL(window.location.href);
  secure.protocol = "https:";
  return (
    <Card icon="lock" title={p.start.insecure} help={p.start.insecureHelp}>
      <p className="max-w-sm text-small text-pretty text-faint">{p.start.insecureFix}</p>
      {secure.port === "" && (
        <a href={secure.href} className="inline-flex min-h-11 items-center rounded-lg bg-accent px-4 font-medium text-on-accent hover:bg-accent-hover">
          {p.start.openSecure}
        </a>
      )}
    </Card>
  );
}

interface CardProps {
  readonly icon: IconName;
  readonly title: string;
  readonly help: string;
  readonly children?: ReactNode;
}

function Card({ icon, title, help, children }: CardProps) {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-2 px-6 py-12 text-center">
      <span className="mb-3 flex size-16 items-center justify-center rounded-full bg-accent-soft text-accent">
        <Icon name={icon} className="size-8" />
      </span>
      <h2 className="text-figure font-semibold text-balance">{title}</h2>
      {help !== "" && <p className="max-w-sm text-pretty text-soft">{help}</p>}
      {children !== undefined && <div className="mt-4 flex flex-col items-center gap-3">{children}</div>}
    </div>
  );
}
