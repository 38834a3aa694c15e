import { RecordPage } from "../../records/RecordPage.tsx";

export function QueuesPage() {
  return <RecordPage kind="queue" icon="people" />;
}
