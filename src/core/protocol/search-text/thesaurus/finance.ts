/** Topics of the thesaurus, a line each, in the form that `parse-thesaurus.ts` describes. */
export const FINANCE = `
# Finance
currency | currency, exchange rate, forex, fx, foreign exchange, currency conversion, money conversion, dollar, yen, euro | 為替, 為替レート, 通貨, 両替, 外貨, 円換算, ドル, 円安, 円高, ユーロ, レート
stock | ?stock, share price, ?equity, equities, ticker, market data, ?shares, stock market, stock quote | 株, 株価, 株式, 銘柄, 証券, 相場, 上場
dividend > stock | dividend, ?yield, payout | 配当, 配当金, 利回り
fund > investment | ?fund, etf, mutual fund, portfolio | 投資信託, ファンド, ポートフォリオ
investment | investment, invest, investor, asset management, trading | 投資, 資産運用, ?運用, ?取引
crypto | crypto, cryptocurrency, bitcoin, ethereum, token price, coin, blockchain, defi, wallet | 暗号資産, 仮想通貨, ビットコイン, ブロックチェーン, イーサリアム, ウォレット, 暗号通貨
bank | ?bank, banking, account balance, iban, swift code, routing number | 銀行, 口座, 金融機関, 支店
payment | payment, pay, checkout, card payment, remittance, money transfer | 支払い, 決済, 送金, 支払, 払い
loan | loan, mortgage, interest rate, credit, lending, borrow | ローン, 融資, 住宅ローン, 金利, 貸付, 借入
creditscore | credit score, credit rating, creditworthiness, credit check | 信用, 信用情報, 与信
tax | tax, vat, sales tax, gst, income tax, consumption tax, tariff duty | 税, 税金, 消費税, 税率, 課税, 所得税, 税務, 確定申告
invoice | invoice, billing, receipt, ?bill, expense, bookkeeping, accounting | 請求書, 領収書, 請求, インボイス, レシート, 経費, 会計, 経理
insurance | insurance, insurer, premium quote, ?coverage, policy quote | 保険, 保険料, 損害保険, 生命保険
economy | economic, economy, gdp, inflation, unemployment, cpi, macroeconomic, ?indicator | 経済, 経済指標, gdp, 物価, 失業率, インフレ
commodity | commodity, gold, oil price, metal, crude | 商品先物, 金価格, 原油, 先物, 貴金属
company | company, corporate, business registry, ?firm, company registry, incorporation, corporation, enterprise | 企業, 会社, 法人, 登記, 企業情報, 法人番号
kyc | kyc, identity verification, aml, sanction, sanctions, watchlist, pep, compliance check, background check | 本人確認, 制裁, 反社, マネロン, 身元確認, コンプライアンス
fraud | fraud, scam, fraud detection, suspicious, risk score | 詐欺, 不正, 不正検知, なりすまし
`;
