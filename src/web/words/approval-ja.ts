import type { ApprovalWords } from "./approval-en.ts";

export const approvalJa: ApprovalWords = {
  code: {
    title: "エージェントに表示されたコードを入力",
    lead: "コードは依頼を始めた人にしか見えません。心当たりがなければ、このページを閉じてください。何も起こりません。",
    label: "コード",
    submit: "依頼を表示",
    hint: "8文字の英数字です。リンクに含めて送ることはありません。",
    wrong: (tries) => `コードが違います。あと${tries}回入力できます。`,
    until: (time) => `コードの有効期限は${time}です。`,
  },
  ask: {
    actTitle: (name) => `${name} があなたの代わりに動く許可を求めています`,
    moreTitle: (name) => `${name} が追加の許可を求めています`,
    againTitle: (name) => `${name} があらためて許可を求めています`,
    dataTitle: (name) => `${name} が情報の共有を追加で求めています`,
    aboveTitle: (name) => `${name} が高めの呼び出しの前に確認を求めています`,
    budgetTitle: (name) => `${name} が一度だけ予算を超える許可を求めています`,
    ownName: "名前はエージェントが名乗ったものです。運営者は確認されていません。",
    asked: "依頼",
    from: (address) => `${address} から`,
    forWhat: "目的",
    service: (name, sponsor) => `${name}(${sponsor} が負担)`,
    purpose: (sponsor) => `${sponsor} の説明のまま`,
    kept: (days) => `スポンサーは${days}保管します。`,
    whoPays: "支払う人",
    pays: "共有した内容と引き換えにスポンサーが支払います。あなたの負担はありません。",
    afterwards: "その後",
    returnsToHost: (host) => `${host} に戻ります。`,
    returnsToDevice: "この端末の、元のアプリに戻ります。",
    returnsToApp: (scheme) => `この端末の、「${scheme}」リンクを開くアプリに戻ります。`,
    answerUntil: "回答期限",
    until: (time) => `${time}まで`,
    data: "共有してよい情報",
    newData: "追加で共有したい情報",
    untickedNote: "ご自身で選ぶまで、何も選択されていません。",
    goesTo: (who) => `送り先 ${who}`,
    onlyInTasks: "タスクを行ったスポンサーに送られます",
    noTask: "タスクを選ばないと、タスク不要のサービスしか使えません。ひとつもない場合があります。",
    tasks: "してよいこと",
    newTasks: "追加でしたいこと",
    added: "追加",
    services: (list) => `利用するサービスは${list}に限られます。`,
    newServices: (list) => `新規：${list}`,
    alsoServices: (list) => `${list}のサービスも利用します。`,
    noMoreServices: "これまで以外のサービスは利用しません。",
    noServices: "サービスは利用できません。",
    narrow: "種類を選ぶ",
    service_kind: (name) => `${name}のサービス`,
    budget: "予算",
    cents: "セント",
    less: "減らす",
    more: "増やす",
    atMost: (amount) => `依頼は ${amount}。少なくすることもできます。`,
    nowAndAsked: (now, asked) => `現在 ${now}、依頼 ${asked}`,
    howMuch: "合計の額",
    shrinks: (now, next) => `予算が${now}から${next}に減ります。`,
    keep: "現状のまま",
    all: "依頼のすべて",
    spentOf: (spent, limit) => `${limit} のうち ${spent} 使用済み`,
    once: "今回の1回分",
    payOnce: (amount) => `この1回の呼び出しに ${amount} の支払いを許可する`,
    aboveNote: "予算の範囲内です。この金額の呼び出しの前に確認する設定になっています。",
    onceNote: (limit) => `予算は ${limit} のままです。`,
    untilLabel: "期限",
    stays: (list) => `許可済みで変わらないもの:${list}。`,
    held: (tasks, data) => {
      if (data === "") return tasks;
      return tasks === "" ? `${data}の共有` : `${tasks}と、${data}の共有`;
    },
    ends: (list) => `許可すると終わるもの:${list}。`,
    stopAnyTime: "いつでも停止できます。",
    keptByCampaign: "スポンサーは、渡された内容をキャンペーンの期間中、または共有をやめるまで読めます。",
    summary: (name, tasks, data) => {
      const what = tasks === "" ? "提供中のサービスの検索" : tasks;
      return data === ""
        ? `${name} は${what}ができますが、あなたの情報は共有しません。`
        : `${name} は${what}と、${data}の共有ができます。`;
    },
    summaryMore: (name, tasks, data) => {
      if (tasks === "" && data === "") return `${name} が新しくできることや共有する情報はありません。`;
      if (tasks === "") return `${name} は${data}も共有できるようになります。`;
      return data === ""
        ? `${name} は${tasks}もできるようになりますが、新しく共有する情報はありません。`
        : `${name} は${tasks}と、${data}の共有もできるようになります。`;
    },
    summaryKinds: (name, kinds) =>
      `${name} は新たに${kinds}のサービスを利用できます。新しく共有する情報はありません。`,
    summaryOnce: (name, amount, service) =>
      `${name} は${service}の1回の呼び出しに ${amount} まで支払えます。`,
    allow: (amount, until) => `${until}まで ${amount} を上限に許可`,
    allowMore: (more, total) => `${more} の追加を許可(合計 ${total})`,
    allowOnce: (amount) => `今回だけ ${amount} を許可`,
    allowData: (what) => `${what}の共有を許可`,
    allowOnceAndData: (amount, what) => `この1回に ${amount} と、${what}の共有を許可`,
    kinds: (count) => `情報${count}種類`,
    twoSentences: (one, other) => `${one}${other}`,
    allowTicked: "選んだものを許可",
    tickFirst: "1つ以上選ぶか、許可しないでください。",
    tickSomething: "1つ以上選ぶか、許可しないでください。",
    deny: "許可しない",
    denyKeep: "許可せず現状のまま",
    theService: "このサービス",
  },
  done: {
    goingOn: (place) => `${place} に戻ります。`,
    theApp: "アプリ",
    goOn: "今すぐ戻る",
    allowed: (name) => `${name} は続行できます`,
    allowedLead: "エージェントに戻ってください。すでに通知済みで、自動的に続きます。",
    allowedTerms: "許可した内容",
    denied: (name) => `${name} に許可しませんでした`,
    deniedLead:
      "理由は伝えていません。何も共有されず、何も支払われていません。エージェントに戻ってかまいません。",
    ended: "この依頼は終了しました",
    endedLead:
      "期限が過ぎたか、コードを5回間違えました。エージェントにもう一度頼むと、新しいコードが表示されます。",
    missing: "あなた宛ての依頼はありません",
    missingLead:
      "依頼に回答できるのは最初にコードを入力した人だけです。ご自身の依頼のはずなら、エージェントに新しい依頼を頼んでください。",
    toAgents: "エージェント一覧へ",
    shares: "共有",
    nothing: "共有する情報なし",
    does: "すること",
    looks: "提供中のサービスの検索",
    services: "サービスの種類",
    budget: "使える額",
    upTo: (amount) => `合計 ${amount} まで`,
    once: (amount) => `${amount}(1回分)`,
    until: "期限",
  },
};
