/** Topics of the thesaurus, a line each, in the form that `parse-thesaurus.ts` describes. */
export const NATURE_AND_TRAVEL = `
# Weather, nature
weather | weather, climate, meteorological, meteorology, forecast | 天気, 気象, 天候, 空模様, 天気予報, 気候, 予報
temperature > weather | temperature, ?heat, ?cold, how hot, how cold, ?degrees | 気温, 温度, 暑さ, 寒さ
rain > weather | rain, rainfall, precipitation, shower, umbrella, ?wet | 雨, 降水, 降雨, 降水量, 傘, 梅雨, 雨雲
snow > weather | snow, snowfall, ski, skiing, avalanche | 雪, 積雪, 降雪, スキー, 雪崩, ゲレンデ
wind > weather | wind, gust, storm, typhoon, hurricane, cyclone | ?風, 風速, 台風, 暴風, 嵐
airquality | air quality, pollution, pm2.5, smog, aqi, pollutant | 大気質, 大気汚染, pm2.5, ?空気, 黄砂, 大気
pollen | pollen, hay fever, allergy season | 花粉, 花粉症
uv > weather | uv, ultraviolet, sunburn, sunscreen | 紫外線, 日焼け
sun | sunrise, sunset, dawn, dusk, daylight, golden hour, twilight | 日の出, 日の入り, 日没, 日照, 夜明け, 夕暮れ
moon | moon, lunar, moonrise, moon phase | 月齢, 月の出, 満月, 新月, 月相
astronomy | astronomy, ?star, planet, satellite, ?space, asteroid, telescope, nasa, constellation | 天文, 星, 惑星, 衛星, 宇宙, 小惑星, 星座
tide | tide, tidal, ?wave, surf, surfing, sea state, marine | 潮汐, 潮位, 満潮, 干潮, ?波, 波浪, サーフィン, 潮
earthquake > disaster | earthquake, seismic, quake, tremor, tsunami | 地震, 震度, 津波, 震源, 余震
disaster | disaster, emergency, evacuation, flood, wildfire, ?hazard, volcano, landslide, ?alert | 災害, 防災, 避難, 洪水, 山火事, 警報, 火山, 土砂崩れ, ハザードマップ, 浸水
# Travel, transport
travel | travel, trip, journey, tourism, tourist, itinerary, vacation, sightseeing, holiday trip | 旅行, 旅, 観光, 観光地, 旅程, トラベル, 観光案内, 名所
flight > travel | flight, airline, airfare, plane, aircraft, airplane, airport, fly, aviation | 航空, 飛行機, 航空券, フライト, ?便, 空港, 航空会社
train > transit | train, rail, railway, railroad, metro, subway, underground railway | 電車, 鉄道, 列車, 新幹線, 地下鉄, 駅
bus > transit | bus, ?coach, shuttle | バス, 高速バス, 路線バス
transit | transit, public transport, timetable, ?departure, commute, commuter, ?transfer, schedule of trains, transportation | 交通, 公共交通, 時刻表, 乗換, 乗り換え, 路線, ?発車, 通勤, ダイヤ, 運行
transitdelay > transit | delay, disruption, service alert | 遅延, 運休, 運行情報, 遅れ
hotel > travel | hotel, accommodation, lodging, ?room, ?stay, hostel, inn, guesthouse, ryokan, overnight | ホテル, 宿, 宿泊, 旅館, 民宿, 宿泊施設, 客室, 泊まる
visa > travel | visa, passport, entry requirement, immigration, border | ビザ, 査証, パスポート, 入国, 旅券
carrental > travel | car rental, rental car, rent a car, hire car, car hire | レンタカー, 車を借りる, カーシェア
taxi | taxi, cab, ride hailing, rideshare, ?ride | タクシー, 配車
parking | parking, car park, garage | 駐車場, 駐車, パーキング
traffic | traffic, congestion, jam, road condition | 渋滞, 道路状況, 交通量, 交通情報
route | route, routing, directions, navigation, driving directions, way to, shortest path | 経路, ルート, 道順, 道案内, ナビ, ルート検索, 行き方
map | map, cartography, ?tile, geographic, gis | 地図, マップ, 地理
geocode > map | geocode, geocoding, coordinates, latitude, longitude, address lookup, lat | 座標, 緯度, 経度, ジオコーディング, 位置情報
elevation > map | elevation, altitude, terrain, height above sea | 標高, 高度, 地形
place > map | place, poi, point of interest, nearby, nearest, ?venue, store locator | スポット, 周辺, ?施設, ?近く, 店舗検索, 最寄り
address | address, postal code, postcode, zip, zip code, postal | 住所, 郵便番号, 宛先, 所在地
fuel | fuel, gasoline, petrol, diesel, gas price, gas station | ガソリン, 燃料, 軽油, 給油, ガソリンスタンド
evcharge | ev, charging station, ?charger, electric vehicle, charge point | 充電, 充電スタンド, 電気自動車, 充電器
vehicle | vehicle, car, automobile, vin, automotive, licence plate, license plate | 車, 自動車, 車両, 車検, ナンバープレート, クルマ
ship | ship, vessel, ferry, ?port, harbor, harbour, boat, maritime | 船, 船舶, フェリー, 港, 港湾
trail | trail, hiking, hike, trekking, mountain, campsite, camping, outdoor | 登山, ハイキング, キャンプ, 山, 登山道, アウトドア
`;
