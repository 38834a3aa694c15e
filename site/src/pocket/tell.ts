/** Tells the node where this browser can be woken. */
import { asDevice } from "./device.ts";

/** Undefined when this browser is no device any more. */
export async function tellNode(subscription: PushSubscription, instance: string | undefined): Promise<{ readonly delivering: boolean } | undefined> {
  const answer = await asDevice("/app/push-token", "POST", {
    service: "webpush",
    token: JSON.stringify(subscription),
    ...(instance === undefined ? {} : { instance }),
  });
  if (answer === undefined) return undefined;
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return (await answer.json()) as { delivering: boolean };
}
