import "../../ui/sheet.css";
import "./shell.css";
import { Link, Outlet } from "@tanstack/react-router";
import { useLiveChanges } from "../../data/live.ts";
import { usePerson } from "../../data/session.ts";
import { Mark } from "../../ui/icons.tsx";
import { Toasts } from "../../ui/toast.tsx";
import { useWords } from "../../words/language.tsx";
import { StopAll } from "../agents/stop-all.tsx";
import { SignIn } from "../sign-in/index.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { Switch, useChosen } from "./switch.tsx";

function OwnNav() {
  const { words } = useWords();
  return (
    <nav aria-label={words.nav.label}>
      <Link to="/agents">{words.nav.agents}</Link>
      <Link to="/payments">{words.nav.payments}</Link>
      <Link to="/activity">{words.nav.activity}</Link>
      <Link to="/data">{words.ownData.nav.data}</Link>
      <Link to="/consents">{words.ownData.nav.shared}</Link>
      <Link to="/build">{words.nav.build}</Link>
      <Link to="/settings">{words.nav.settings}</Link>
    </nav>
  );
}

function SponsorNav() {
  const { nav: w } = useWords().words.sponsor;
  return (
    <nav aria-label={w.label}>
      <Link to="/campaigns">{w.campaigns}</Link>
      <Link to="/services">{w.services}</Link>
      <Link to="/answers">{w.answers}</Link>
      <Link to="/funds">{w.funds}</Link>
      <Link to="/webhooks">{w.webhooks}</Link>
      <Link to="/team">{w.team}</Link>
    </nav>
  );
}

/** What all pages of the console share: navigation, the red button, the account. */
export function Shell() {
  const { words } = useWords();
  const person = usePerson();
  const isSponsor = useChosen() !== null;
  useLiveChanges(person?.user_id);
  if (person === undefined)
    return (
      // What a page said last, such as that the account is deleted, is still shown.
      <Toasts>
        <SignIn title={words.signIn.title} lead={words.signIn.lead} />
      </Toasts>
    );
  return (
    <Toasts>
      <a className="skip" href="#main">
        {words.skip}
      </a>
      <header className="top">
        <Link to="/agents" className="mark">
          <Mark />
          {words.app}
        </Link>
        <Switch />
        {isSponsor ? <SponsorNav /> : <OwnNav />}
        <div className="top-end">
          {!isSponsor && <StopAll />}
          <AccountMenu />
        </div>
      </header>
      <main id="main" className="page" tabIndex={-1}>
        <Outlet />
      </main>
    </Toasts>
  );
}
