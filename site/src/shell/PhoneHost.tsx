/** The phone of whoever has an extension; what it is made of is fetched after the first page. */
import { lazy, Suspense } from "react";
import { useMode } from "../office/mode.ts";
import { useSession } from "./session.tsx";

const Host = lazy(async () => ({ default: (await import("../phone/Host.tsx")).Host }));

export function PhoneHost() {
  const { user } = useSession();
  const mode = useMode();
  if (mode !== "node" || (user.extension ?? "") === "") return null;
  return (
    <Suspense fallback={null}>
      <Host />
    </Suspense>
  );
}
