/** What those who had a part in a call wrote down about it. */
import { useQuery } from "@tanstack/react-query";
import { request } from "../../api/client.ts";
import { formatFull } from "../../core/time.ts";
import { useDirectory } from "../../live/useLive.ts";
import type { CallNoteList } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Section } from "../../ui/Section.tsx";

export function CallNotes({ id }: { readonly id: string }) {
  const directory = useDirectory();
  const { data } = useQuery({ queryKey: ["cdrs", id, "notes"], queryFn: () => request<CallNoteList>(`/cdrs/${id}/notes`) });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Section title={t.history.notes}>
      <ul className="flex flex-col gap-3">
        {data.items.map((each) => (
          <li key={each.extension}>
            <blockquote className="border-l-2 border-line-strong pl-3 text-pretty whitespace-pre-line">{each.text}</blockquote>
            <p className="mt-1 pl-3.5 text-small text-faint">
              {directory.get(each.extension)?.name ?? each.extension} · <time dateTime={each.at}>{formatFull(each.at, t.locale)}</time>
            </p>
          </li>
        ))}
      </ul>
    </Section>
  );
}
