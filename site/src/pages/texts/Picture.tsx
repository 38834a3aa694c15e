/** A picture or file of a message. From a node elsewhere it is fetched first: its address alone would not be let in. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { download, mediaUrl, requestRaw } from "../../api/client.ts";
import { EDGE } from "../../core/live.ts";
import { formatBytes } from "../../core/bytes.ts";
import type { Attachment } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";

export function Picture({ attachment }: { readonly attachment: Attachment }) {
  const path = `/texts/media/${attachment.id}`;
  if (attachment.state === "wanted") return <p className="text-small italic opacity-80">{e.texts.fetching}</p>;
  if (attachment.state === "failed") return <p className="text-small italic opacity-80">{e.texts.pictureFailed(attachment.reason)}</p>;
  if (/^image\/(png|jpeg|gif|webp)$/.test(attachment.type)) return <Shown path={path} />;
  return (
    <Button icon="download" onClick={() => void download(path, attachment.id)}>
      {e.texts.file(attachment.type, formatBytes(attachment.size, t.locale))}
    </Button>
  );
}

function Shown({ path }: { readonly path: string }) {
  const direct = mediaUrl(path);
  const { data: blob } = useQuery({
    queryKey: [EDGE, "media", path],
    queryFn: async () => (await requestRaw(path)).blob(),
    enabled: direct === undefined,
    staleTime: Infinity,
  });
  const made = useMemo(() => (blob === undefined ? undefined : URL.createObjectURL(blob)), [blob]);
  useEffect(() => () => (made === undefined ? undefined : URL.revokeObjectURL(made)), [made]);
  const url = direct ?? made;
  if (url === undefined) return <p className="text-small italic opacity-80">{e.texts.fetching}</p>;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      <img src={url} alt={e.texts.picture} loading="lazy" className="my-1 max-h-72 max-w-full rounded-lg" />
    </a>
  );
}
