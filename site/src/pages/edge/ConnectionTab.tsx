/** Whether the edge answers, and what to do when there is none. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { EdgeLoaded, isWithoutEdge } from "../../edge/EdgeLoaded.tsx";
import { receptionistQuery } from "../../edge/receptionist.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { Card } from "../../ui/Card.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { Elsewhere } from "./Elsewhere.tsx";

export function ConnectionTab() {
  // Any question will do: the receptionist's settings are always there.
  const query = useQuery({ ...receptionistQuery, staleTime: 0 });
  const may = useMay("office:write");
  const missing = isWithoutEdge(query.error);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
      {missing ? (
        <Card title={e.settings.begin}>
          <Steps steps={e.settings.beginSteps} />
        </Card>
      ) : (
        <Card title={e.settings.state}>
          <EdgeLoaded query={query} rows={2}>
            {() => (
              <div className="flex flex-col items-start gap-2 px-4 pb-5 sm:px-5">
                <StatusMark tone="good">{e.settings.there}</StatusMark>
                <p className="text-soft">{e.settings.thereHelp}</p>
                <Link to="/twilio-numbers" className="font-medium text-accent hover:underline">
                  {e.settings.toNumbers}
                </Link>
              </div>
            )}
          </EdgeLoaded>
        </Card>
      )}
      <Card title={e.settings.elsewhere}>
        <p className="px-4 text-pretty text-soft sm:px-5">{e.settings.elsewhereHelp}</p>
        <Steps steps={e.settings.elsewhereSteps} />
        {may && <Elsewhere />}
      </Card>
    </div>
  );
}

function Steps({ steps }: { readonly steps: readonly (readonly [title: string, help: string, command?: string])[] }) {
  return (
    <ol className="flex flex-col gap-4 px-4 pt-2 pb-5 sm:px-5">
      {steps.map(([title, help, command], at) => (
        <li key={title} className="flex gap-3">
          <span className="flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft font-semibold text-accent tabular-nums">{at + 1}</span>
          <span className="min-w-0">
            <span className="block font-medium">{title}</span>
            <span className="block text-pretty text-soft">{help}</span>
            {command !== undefined && (
              <span className="mt-1 flex items-center gap-1">
                <code tabIndex={0} className="overflow-x-auto rounded-lg bg-sunken px-2.5 py-1 font-mono text-small whitespace-nowrap">{command}</code>
                <CopyButton value={command.replaceAll(/[“”„]/g, '"')} what={title} />
              </span>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
