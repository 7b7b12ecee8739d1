/** Topics of the thesaurus, a line each, in the form that `parse-thesaurus.ts` describes. */
export const COMMERCE_AND_HOME = `
# Commerce, home
shopping | shopping, ecommerce, e-commerce, ?product, product search, merchandise, catalogue, catalog, ?item, ?buy, ?purchase, ?retail | 買い物, 通販, ?商品, ?製品, ショッピング, カタログ, ?購入, 買う, 品物
price | price comparison, price, cheapest, cost comparison, price history, compare prices, bargain, cheap, how much | 価格, 値段, 最安値, 価格比較, 安い, 料金, いくら
discount | discount, coupon, promo code, ?sale, voucher, ?deal | 割引, クーポン, セール, 特売, お得
review | review, ?rating, testimonial, customer feedback, feedback | 口コミ, レビュー, ?評価, 評判, クチコミ
auction | auction, ?bid, second hand, used goods, resale | オークション, 中古, 入札, 中古品, フリマ
inventory | inventory, in stock, warehouse, stock level, ?supply | 在庫, 倉庫, 入荷, 在庫確認
shipping | shipping, parcel, delivery, ?package, courier, shipment, tracking number, package tracking, track a package, freight, logistics, postage | 配送, 荷物, 宅配, 宅配便, 配達, 追跡, 発送, 送料, 物流, 輸送, 小包, 貨物
customs | customs, hs code, import, export, import duty, tariff | 通関, 関税, 輸入, 輸出, 税関
realestate | real estate, ?property, house price, apartment, rent, rental, housing, home listing, ?flat, tenant, ?land | 不動産, 物件, 賃貸, 家賃, 住宅, マンション, アパート, 地価, 土地, 間取り, 住まい
energy | energy, electricity, power grid, electric bill, ?power, kwh, ?utility | 電力, 電気, エネルギー, 電気料金, 電気代, 停電
solar | solar, photovoltaic, pv, solar panel, irradiance | 太陽光, ソーラー, 太陽光発電, 日射量, ?発電
carbon | carbon, co2, emission, carbon footprint, greenhouse, offset, sustainability | 二酸化炭素, co2, 排出量, カーボン, 温室効果ガス, 炭素, 脱炭素
water | water quality, river level, reservoir, drinking water | 水質, 河川, 水位, ダム
recycling | recycling, waste, garbage, trash, rubbish, refuse | ごみ, ゴミ, リサイクル, 廃棄物, 分別, 収集日
agriculture | agriculture, farm, ?crop, soil, farming, harvest, livestock | 農業, 農作物, 作物, 土壌, 農家, 収穫, 畜産
pet | pet, dog, cat, ?animal, veterinary, ?vet, ?breed | ペット, 犬, 猫, 動物, 動物病院, 獣医
plant | ?plant, flower, garden, gardening, ?tree, botanical | 植物, 花, 園芸, 庭, ガーデニング
`;
