/** The lines to the outside: how each is doing in plain words, a test that says what is wrong, and a guided beginning. */
import { useTrunkStatuses } from "../../records/marks.tsx";
import { columnsOf, stateColumn } from "../../records/columns.tsx";
import { kindNamed } from "../../office/kinds.ts";
import { useRecords } from "../../records/data.ts";
import { RecordLink } from "../../records/links.tsx";
import { RecordPage } from "../../records/RecordPage.tsx";
import { textOf } from "../../records/references.ts";
import { t } from "../../text/index.ts";
import { Notice } from "../../ui/Notice.tsx";
import { NewTrunk } from "./NewTrunk.tsx";
import { TrunkMark, TrunkState } from "./TrunkState.tsx";
import { TrunkTest } from "./TrunkTest.tsx";

/** A line that works and that no route leads over: what to do next. */
function Unrouted({ id }: { readonly id: string }) {
  const { data } = useRecords("outbound_route");
  const led = data?.some((route) => Array.isArray(route["trunks"]) && route["trunks"].includes(id));
  if (led !== false) return null;
  return (
    <div className="border-b border-line px-5 py-4">
      <Notice tone="warn">
        {t.records.trunks.noRoute} <RecordLink kind="outbound_route">{t.records.kinds["outbound_route"]?.title}</RecordLink>
      </Notice>
    </div>
  );
}

export function TrunksPage() {
  const statuses = useTrunkStatuses();
  const [first, ...others] = columnsOf(kindNamed("trunk"));
  const state = stateColumn(
    (record) => <TrunkMark status={statuses.get(textOf(record["id"]))} enabled={record["enabled"] === true} />,
    (record) => statuses.get(textOf(record["id"]))?.state ?? "",
  );
  return (
    <RecordPage
      kind="trunk"
      icon="node"
      columns={[...(first === undefined ? [] : [first]), state, ...others]}
      begin={(start, close) => <NewTrunk onChoose={start} onClose={close} />}
      lead={({ record }) => <TrunkMark status={statuses.get(textOf(record["id"]))} enabled={record["enabled"] === true} />}
      above={({ record }) => (
        <>
          <TrunkState status={statuses.get(textOf(record["id"]))} />
          <Unrouted id={textOf(record["id"])} />
          <TrunkTest id={textOf(record["id"])} />
        </>
      )}
    />
  );
}
