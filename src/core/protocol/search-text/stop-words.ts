const list = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** Words that carry no wish. They are left out. */
export const STOP_WORDS = list(`
  a an the of to in on at for from by with and or not no is are was were be been being am do does did done has have had
  i me my we our us you your he him his she her it its they them their this that these those there here
  i'm i'd i've what which who whom whose when where why how if whether then than so as about into out up down over under
  between through during before after again against until while because since off once both other another same own too very
  just also only some any all each every most more less much many few
  can cannot could should would will shall may might must maybe want wants wanted wish need like please help let
  make made give take go going get got using use used via per d s t ve re ll m don isn aren doesn
  something someone somebody anyone anybody everyone everybody nobody anything thing things way ways best good great new
  last next user users customer's quickly within without across

  の に を は が で と も や か へ から まで より など って し て た だ です ます な ね よ ない たい ください 下さい する した して
  します できる でき ある いる いい よい こと もの ため とき ところ これ それ あれ この その あの ここ どこ いつ なに 何 誰 どの
  どんな どう という よう ような ように について による として なり なる れる られ せる くれ くれる もらう ほしい 欲しい み 行う お ご さん
`);

/** Words that say that something is wanted of an API, but not what. They count little. */
export const WEAK_WORDS = list(`
  api apis service services data tool tools information info app website online web
  find finds search look lookup check checks show tell know see list lists provide provides return returns fetch query
  request endpoint real-time realtime real live current
  today now tomorrow yesterday week month year morning afternoon evening night
  monday tuesday wednesday thursday friday saturday sunday
  january february march april june july august september october november december

  サービス データ 情報 検索 調べ 調べる 知り 知る 教え 教える 探し 探す 確認 取得 使い 使う 見 見る 見つけ 方法 リアルタイム
  提供 利用 対応 知 探 調 教 使 出 入 今日 明日 昨日 今 現在 今週 来週 先週 今月 来月 今年 来年 週末
  月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日 年 月 日 時 分 円 人 一 二 三
`);
