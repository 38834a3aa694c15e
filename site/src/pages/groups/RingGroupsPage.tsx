import { RecordPage } from "../../records/RecordPage.tsx";

export function RingGroupsPage() {
  return <RecordPage kind="ring_group" icon="people" />;
}
