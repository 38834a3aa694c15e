/** What was recorded of a call, to be heard where the call is told. */
import { useQuery } from "@tanstack/react-query";
import { faultWords } from "../../core/problem.ts";
import { useDirectory } from "../../live/useLive.ts";
import { Player } from "../../media/Player.tsx";
import { recordingPath, recordingsQuery } from "../../media/queries.ts";
import type { Cdr } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Section } from "../../ui/Section.tsx";

export function CallRecordings({ cdr }: { readonly cdr: Cdr }) {
  const directory = useDirectory();
  const { data, error } = useQuery({
    ...recordingsQuery({ call: cdr.id, limit: 50, offset: 0 }),
    enabled: cdr.recordings.length > 0,
  });
  if (cdr.recordings.length === 0) return null;
  const items = [...(data?.items ?? [])].sort((one, other) => one.part - other.part);
  return (
    <Section title={t.media.history.recording}>
      <div className="flex flex-col gap-5">
        {items.map((recording) => {
          const name = (number: string, extension: string | null) => directory.get(extension ?? "")?.name ?? number;
          const tracks = [name(recording.left, recording.left_extension), name(recording.right, recording.right_extension)] as const;
          return (
            <Player
              key={recording.id}
              source={{ path: recordingPath(recording.id) }}
              label={t.media.recordings.of(...tracks)}
              durationS={recording.duration_s}
              tracks={tracks}
              download={`${recording.started_at.slice(0, 16).replace(":", "")}-${recording.id}`}
            />
          );
        })}
        {error !== null && <p className="text-soft">{faultWords(error, t)}</p>}
        {data?.items.length === 0 && <p className="text-soft">{t.media.history.recordingGone}</p>}
      </div>
    </Section>
  );
}
