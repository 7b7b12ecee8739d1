/** Topics of the thesaurus, a line each, in the form that `parse-thesaurus.ts` describes. */
export const WEB_AND_DATA = `
# Web, data, developer
websearch | web search, search engine, serp, search results, google, internet search, look up online | ウェブ検索, 検索エンジン, 検索結果, ネット検索, web検索
scraping | scraping, crawl, crawler, scrape, web extraction, extract web page, html, web page, webpage, website content | スクレイピング, クロール, ウェブページ, ウェブサイト, ?抽出, サイト, ホームページ
seo | seo, backlink, search ranking, keyword volume, serp rank | seo, 被リンク, 検索順位, 検索エンジン最適化
domain | domain, whois, dns, hostname, domain name, tld | ドメイン, whois, dns, ホスト名
ipgeo | ip, ip address, ip geolocation, geoip, vpn detection, proxy detection | ipアドレス, ip, ipジオロケーション, 接続元
security | security, malware, phishing, virus, vulnerability, ?threat, breach, cve, ?leak, hacked, cyber | セキュリティ, マルウェア, フィッシング, ウイルス, 脆弱性, 脅威, 漏洩, サイバー, 流出, 攻撃
password > security | password, passphrase, ?credential, pwned | パスワード, 暗証番号, 認証情報
ssl > security | ssl, tls, certificate, https certificate | 証明書, ssl, tls
uptime | uptime, monitoring, status page, ping, availability check, latency check, downtime | 死活監視, ?監視, 稼働, ダウン, 稼働状況, 障害
email | email, e-mail, mail, inbox, smtp, mailbox, newsletter, deliverability | メール, 電子メール, メールアドレス, メルマガ, 受信
sms | sms, text message, messaging, ?message, notification, push notification | sms, ショートメッセージ, ?通知, メッセージ, プッシュ通知
phone | phone, telephone, phone number, ?carrier, caller, ?call, mobile number, dial | 電話, 電話番号, 携帯, 通話, 携帯電話
fax | fax | ファックス, fax
shorturl | url shortener, short link, short url, link shortening | 短縮url, url短縮, 短縮リンク
hosting | hosting, ?storage, cloud storage, file storage, cdn, upload, backup, ?server | ホスティング, ストレージ, ?保存, アップロード, サーバー, バックアップ
code | code, source code, programming, developer, repository, compile, code execution, github, code review, run code, snippet, debug | コード, プログラム, プログラミング, ソースコード, 開発者, リポジトリ, ?実行, デバッグ
database | database, sql, query engine, data warehouse | データベース, sql
embedding | embedding, vector search, semantic search, similarity search | 埋め込み, ベクトル検索, 意味検索, 類似検索
random | random, dice, lottery, random number, uuid | 乱数, ランダム, サイコロ, 宝くじ, 抽選
math | math, mathematics, calculator, calculate, equation, computation, ?statistic, ?compute, ?solve | 数学, 計算, 数式, 電卓, 方程式, 統計
unit | unit conversion, convert units, measurement conversion, ?metric, ?imperial | 単位変換, 単位, 換算
time | time, timezone, time zone, clock, world clock, utc, local time | 時刻, タイムゾーン, 時差, ?時計, 現地時間, 標準時
calendar | calendar, public holiday, bank holiday, national holiday, business day, working day, ?date | 祝日, カレンダー, 営業日, 休日, 暦, 祝祭日, 日付
schedule | ?schedule, appointment, ?meeting, booking slot, ?availability, reminder, reservation | ?予定, 日程, 会議, アポイント, スケジュール, リマインダー, 面談
reservation | reservation, ?reserve, book a table, booking, table booking | 予約
`;
