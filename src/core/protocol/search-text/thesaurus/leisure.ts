/** Topics of the thesaurus, a line each, in the form that `parse-thesaurus.ts` describes. */
export const LEISURE = `
# Sport, leisure, people
sports | sports, sport, ?match, ?score, league, fixture, ?team, tournament, athlete, standings | スポーツ, 試合, 得点, リーグ, 順位表, 選手, 大会, 試合結果
football > sports | football, soccer, premier league, world cup | サッカー, フットボール, jリーグ
baseball > sports | baseball, mlb, home run | 野球, プロ野球, 甲子園
basketball > sports | basketball, nba | バスケットボール, バスケ
tennis > sports | tennis, wimbledon | テニス
golf > sports | golf, golf course | ゴルフ, ゴルフ場
racing > sports | racing, formula 1, f1, horse racing, horse race | 競馬, レース, f1
betting | betting, odds, bookmaker, gambling, wager | オッズ, 賭け, ブックメーカー
joke | joke, humor, humour, meme, funny | ジョーク, 冗談, 笑い話, ミーム
quote | ?quotation, famous quotes, inspirational quote, proverb | 名言, 格言, ことわざ, 四字熟語
horoscope | horoscope, astrology, zodiac, fortune, tarot | 占い, 星占い, 運勢, 十二星座, 血液型
name | name generator, baby name, gender from name, given name | 名前, 命名, 名付け, 苗字, 姓名
genealogy | genealogy, ancestry, family tree | 家系, 家系図, 先祖
dating | dating, matchmaking, wedding | 婚活, 出会い, 結婚
country | ?country, country information, ?nation, ?flag | 国, 国名, 国旗, 各国
city | ?city, town, prefecture, municipality | 都市, 市区町村, 都道府県, ?街
iot | iot, sensor, smart home, device control, appliance | iot, センサー, スマートホーム, 家電
robot | robot, drone, autonomous | ロボット, ドローン, 自動運転
printing | ?print, printing, postcard, print on demand, letter sending, physical mail | 印刷, はがき, 年賀状, プリント, 手紙
fashion | fashion, clothing, apparel, outfit, shoe | ファッション, ?服, 洋服, アパレル, 靴, コーデ
beauty | beauty, cosmetic, makeup, salon, hair | 美容, 化粧品, コスメ, 美容室, ?髪
child | child, childcare, nursery, baby, ?kids, parenting | 子供, 子ども, 育児, 保育園, 赤ちゃん, 子育て
elderly | elderly care, nursing home, senior care | 介護, 高齢者, 老人ホーム
accessibility | accessibility, wheelchair, alt text, screen reader, blind | アクセシビリティ, バリアフリー, 車椅子, 視覚障害
wikipedia | encyclopedia, wikipedia, knowledge base, ?facts, general knowledge | 百科事典, ウィキペディア, ?知識, 事典
color | color, colour, palette, hex color | ?色, 配色, カラー, パレット
font | font, typeface, typography | フォント, 書体
`;
