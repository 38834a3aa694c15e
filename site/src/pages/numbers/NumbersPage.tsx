import { RecordPage } from "../../records/RecordPage.tsx";

export function NumbersPage() {
  return <RecordPage kind="inbound_number" icon="phone" />;
}
