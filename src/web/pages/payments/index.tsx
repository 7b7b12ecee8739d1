import "../../ui/sheet.css";
import { useTitle } from "../../ui/title.ts";
import { useWords } from "../../words/language.tsx";
import { OlderList } from "../shell/older-list.tsx";
import { Payment } from "./payment.tsx";
import { usePayments } from "./queries.ts";

export function PaymentsPage() {
  const { payments: w } = useWords().words;
  const query = usePayments();
  useTitle(w.title);
  const payments = query.data?.pages.flatMap((page) => page.payments);
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{w.title}</h1>
          <p>{w.lead}</p>
        </div>
      </div>
      <OlderList query={query} isEmpty={payments?.length === 0} empty={w.empty}>
        <ul className="sheet rows">
          {payments?.map((payment) => (
            <li key={payment.payment_id}>
              <Payment payment={payment} />
            </li>
          ))}
        </ul>
      </OlderList>
    </>
  );
}
