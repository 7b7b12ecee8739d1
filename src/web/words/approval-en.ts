/** What the page says on which a person answers an agent. */
export const approvalEn = {
  code: {
    title: "Enter the code your agent shows",
    lead: "Only the person who started this request can see it. If nobody asked you, close this page: nothing happens.",
    label: "Code",
    submit: "Show the request",
    hint: "Eight letters and digits. We never send it in a link.",
    wrong: (tries: number) =>
      tries === 1 ? "That isn’t the code. One try left." : `That isn’t the code. ${tries} tries left.`,
    until: (time: string) => `The code is good until ${time}.`,
  },
  ask: {
    actTitle: (name: string) => `${name} asks to act for you`,
    moreTitle: (name: string) => `${name} asks for more`,
    againTitle: (name: string) => `${name} asks you again`,
    dataTitle: (name: string) => `${name} asks to share more about you`,
    aboveTitle: (name: string) => `${name} asks before a dear call`,
    budgetTitle: (name: string) => `${name} asks to go over its budget once`,
    ownName: "The name is the agent’s own. Nobody has verified who runs it.",
    asked: "Asked",
    from: (address: string) => `from ${address}`,
    forWhat: "For what",
    service: (name: string, sponsor: string) => `${name}, paid by ${sponsor}`,
    purpose: (sponsor: string) => `in the words of ${sponsor}`,
    kept: (days: string) => `The sponsor keeps it for ${days}.`,
    whoPays: "Who pays",
    pays: "Sponsors, in exchange for what you share. You pay nothing.",
    afterwards: "Afterwards",
    returnsToHost: (host: string) => `You go back to ${host}.`,
    returnsToDevice: "You go back to the app on this device that sent you here.",
    returnsToApp: (scheme: string) => `You go back to the app on this device that opens “${scheme}” links.`,
    answerUntil: "To be answered",
    until: (time: string) => `until ${time}`,
    data: "What it may share about you",
    newData: "It also wants to share",
    untickedNote: "Nothing is ticked unless you tick it.",
    goesTo: (who: string) => `Goes to ${who}`,
    onlyInTasks: "Goes to sponsors whose task you have done",
    noTask: "Without a task ticked, it finds only services that ask for none. There may be none.",
    tasks: "What it may do",
    newTasks: "It also wants to",
    added: "new",
    services: (list: string) => `Only with services for ${list}.`,
    newServices: (list: string) => `New: ${list}.`,
    alsoServices: (list: string) => `Also with services for ${list}.`,
    noMoreServices: "With no other services than before.",
    noServices: "With no services at all.",
    narrow: "Choose which",
    service_kind: (name: string) => `Services for ${name}`,
    budget: "Budget",
    cents: "in cents",
    less: "Less",
    more: "More",
    atMost: (amount: string) => `${amount} was asked for; you can give less.`,
    nowAndAsked: (now: string, asked: string) => `Now ${now}, asked for ${asked}`,
    howMuch: "How much in all",
    shrinks: (now: string, next: string) => `This lowers its budget from ${now} to ${next}.`,
    keep: "Keep it as it is",
    all: "All that was asked",
    spentOf: (spent: string, limit: string) => `${spent} spent of ${limit}`,
    once: "For this one call",
    payOnce: (amount: string) => `Let it pay ${amount} for this one call`,
    aboveNote: "It is within the budget. You want to be asked before calls that cost so much.",
    onceNote: (limit: string) => `Its budget stays at ${limit}.`,
    untilLabel: "Until",
    stays: (list: string) => `Allowed already, and stays: ${list}.`,
    held: (tasks: string, data: string) => {
      if (data === "") return tasks;
      return tasks === "" ? `share your ${data}` : `${tasks}, and share your ${data}`;
    },
    ends: (list: string) => `No longer allowed if you answer with Allow: ${list}.`,
    stopAnyTime: "You can stop it at any time.",
    keptByCampaign:
      "A sponsor may read what it gets as long as its campaign says, or until you take it back.",
    summary: (name: string, tasks: string, data: string) => {
      const what = tasks === "" ? "look for offers" : tasks;
      return data === ""
        ? `${name} may ${what}, and share nothing about you.`
        : `${name} may ${what}, and share your ${data}.`;
    },
    summaryMore: (name: string, tasks: string, data: string) => {
      if (tasks === "" && data === "") return `${name} may do and share nothing new.`;
      if (tasks === "") return `${name} may also share your ${data}.`;
      return data === ""
        ? `${name} may also ${tasks}, and shares nothing new about you.`
        : `${name} may also ${tasks}, and share your ${data}.`;
    },
    summaryKinds: (name: string, kinds: string) =>
      `${name} may also use services for ${kinds}, and shares nothing new about you.`,
    summaryOnce: (name: string, amount: string, service: string) =>
      `${name} may pay up to ${amount} for one call of ${service}.`,
    allow: (amount: string, until: string) => `Allow up to ${amount} until ${until}`,
    allowMore: (more: string, total: string) => `Allow ${more} more, ${total} in all`,
    allowOnce: (amount: string) => `Allow ${amount} for this one call`,
    allowData: (what: string) => `Allow sharing your ${what}`,
    allowOnceAndData: (amount: string, what: string) =>
      `Allow ${amount} for this one call, and sharing your ${what}`,
    kinds: (count: number) => `data of ${count} kinds`,
    twoSentences: (one: string, other: string) => `${one} ${other}`,
    allowTicked: "Allow what you tick",
    tickFirst: "Tick at least one kind of data, or deny.",
    tickSomething: "Tick at least one thing, or deny.",
    deny: "Deny",
    denyKeep: "Deny, keep as it is",
    theService: "the service",
  },
  done: {
    goingOn: (place: string) => `You are taken back to ${place}.`,
    theApp: "the app",
    goOn: "Go back now",
    allowed: (name: string) => `${name} may go on`,
    allowedLead: "Now go back to your agent. It has noticed already and goes on by itself.",
    allowedTerms: "What you allowed",
    denied: (name: string) => `You said no to ${name}`,
    deniedLead:
      "It was told so, without a reason. Nothing was shared and nothing was paid. You can go back to your agent.",
    ended: "This request has ended",
    endedLead:
      "Its time was over, or its code was mistyped five times. Ask your agent to try again: it will show a new code.",
    missing: "There is no such request for you",
    missingLead:
      "Only the person who entered its code first can answer a request. If that should have been you, ask your agent for a new one.",
    toAgents: "See your agents",
    shares: "Shares",
    nothing: "nothing about you",
    does: "Does",
    looks: "looks for offers",
    services: "With services for",
    budget: "Spends",
    upTo: (amount: string) => `up to ${amount} in all`,
    once: (amount: string) => `${amount}, for one call`,
    until: "Until",
  },
};
export type ApprovalWords = typeof approvalEn;
