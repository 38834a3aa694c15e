/** A sound from the node or from this browser: where it plays from, and its shape. */
import { useEffect, useState } from "react";
import { mediaUrl, requestRaw } from "../api/client.ts";
import { decodedPeaks, wavPeaks, type Peaks } from "../core/waveform.ts";

/** `path` is below /api/v1; a `blob` was made here. */
export type SoundSource = { readonly path: string } | { readonly blob: Blob };

export interface Sound {
  readonly url: string | undefined;
  /** Undefined until known, and for what is too large to draw: an hour of a call. */
  readonly peaks: Peaks | undefined;
  readonly fault: unknown;
}

const BARS = 240;
/** Larger files are played part by part and not drawn. */
const DRAWN_BYTES = 24 << 20;
const NOTHING: Sound = { url: undefined, peaks: undefined, fault: undefined };

/** The source stays the same while the component lives. */
export function useSound(source: SoundSource): Sound {
  const [sound, setSound] = useState<Sound>(NOTHING);
  const path = "path" in source ? source.path : undefined;
  const blob = "blob" in source ? source.blob : undefined;

  useEffect(() => {
    const leaving = new AbortController();
    let made: string | undefined;
    const tell = (news: Partial<Sound>) => {
      if (!leaving.signal.aborted) setSound((before) => ({ ...before, ...news }));
    };
    const fromMemory = (file: Blob) => {
      if (leaving.signal.aborted) return;
      made = URL.createObjectURL(file);
      tell({ url: made });
    };
    const draw = async (file: Blob) => {
      if (file.size <= DRAWN_BYTES) tell({ peaks: await shapeOf(file) });
    };
    const load = async () => {
      if (blob !== undefined) {
        fromMemory(blob);
        return draw(blob);
      }
      const url = mediaUrl(path ?? "");
      if (url !== undefined) tell({ url });
      const response = await requestRaw(path ?? "", { signal: leaving.signal });
      const size = Number(response.headers.get("Content-Length") ?? 0);
      if (url !== undefined && size > DRAWN_BYTES) return void response.body?.cancel();
      const file = await response.blob();
      if (url === undefined) fromMemory(file);
      return draw(file);
    };
    load().catch((fault: unknown) => tell({ fault }));
    return () => {
      leaving.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [path, blob]);

  return sound;
}

async function shapeOf(file: Blob): Promise<Peaks | undefined> {
  const bytes = await file.arrayBuffer();
  const peaks = wavPeaks(bytes, BARS);
  if (peaks !== undefined) return peaks;
  try {
    const decoded = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(bytes);
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, index) => decoded.getChannelData(index));
    return decodedPeaks(channels, decoded.duration, BARS);
  } catch {
    return undefined; // It may play all the same; what cannot be played, the player says.
  }
}
