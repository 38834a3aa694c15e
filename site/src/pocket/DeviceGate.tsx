/** The phone of a browser that is a device, when nobody is signed in any more: a call that rings waits for no password. */
import { useEffect, useState, type ReactNode } from "react";
import { askAsDevice, request } from "../api/client.ts";
import type { SessionView } from "../schema.gen.ts";
import { enterAsDevice } from "../shell/session.tsx";
import { deviceToken } from "./device.ts";

export function DeviceGate({ otherwise }: { readonly otherwise: ReactNode }) {
  const [none, setNone] = useState(false);
  useEffect(() => {
    void opened().then((open) => {
      if (!open) setNone(true);
    });
  }, []);
  return none ? otherwise : null;
}

async function opened(): Promise<boolean> {
  try {
    if ((await deviceToken()) === undefined) return false;
    askAsDevice(deviceToken);
    enterAsDevice(await request<SessionView>("/session", { expect401: true }));
    return true;
  } catch {
    askAsDevice(undefined);
    return false;
  }
}
