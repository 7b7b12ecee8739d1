/** Topics of the thesaurus, a line each, in the form that `parse-thesaurus.ts` describes. */
export const FOOD_AND_HEALTH = `
# Food
recipe | recipe, cooking, cook, dish, meal, dinner idea, menu idea, meal plan, ingredients | レシピ, 料理, 献立, 食材, 調理, 作り方, おかず, 夕食
nutrition | nutrition, calorie, calories, nutrient, diet, dietary, macro nutrients, vitamin, protein intake | 栄養, カロリー, 栄養素, 栄養成分, ダイエット, 食事管理, 糖質
restaurant | restaurant, dining, eat out, cafe, eatery, food place, diner, ?bar, where to eat, lunch | レストラン, 飲食店, 外食, カフェ, グルメ, ?食事, ランチ, 居酒屋, 食堂
fooddelivery | food delivery, takeaway, takeout | 出前, フードデリバリー, テイクアウト, デリバリー
allergen | allergen, food allergy, gluten | アレルゲン, 食物アレルギー, アレルギー
wine | wine, beer, sake, cocktail, ?drink, whisky, ?spirits | ワイン, ビール, 日本酒, カクテル, 酒, 飲み物
grocery | grocery, supermarket, groceries | 食料品, スーパー, スーパーマーケット, 生鮮
foodsafety | food safety, food recall, recall, expiry | 食品安全, リコール, ?回収, 賞味期限
# Health, science
health | health, medical, healthcare, wellness, medicine | 健康, 医療, ヘルスケア, 医学
hospital > health | hospital, clinic, doctor, physician, dentist, medical appointment, pharmacy, surgery | 病院, 診療所, クリニック, 医師, 歯科, 医者, 薬局, 診察
symptom > health | symptom, diagnosis, disease, illness, condition check, triage, sick | 症状, 診断, 病気, 疾患, 体調, 問診
drug > health | drug, medication, prescription, pill, dosage, drug interaction, pharmaceutical, side effect | 薬, 医薬品, 処方, 服用, 副作用, 飲み合わせ, お薬, 用量, 薬剤
vaccine > health | vaccine, vaccination, immunisation, immunization | ワクチン, 予防接種
fitness > health | fitness, workout, ?exercise, training plan, ?running, step count, gym | フィットネス, 運動, トレーニング, 筋トレ, ランニング, 歩数, 体操
sleep > health | sleep, insomnia | 睡眠, 不眠
mental > health | mental health, stress, meditation, counselling, therapy, mindfulness | メンタル, ストレス, 瞑想, ?心, カウンセリング
genome | genome, gene, dna, genetic, protein, molecule, chemistry, chemical, ?compound | 遺伝子, ゲノム, dna, タンパク質, 分子, 化学, 化合物
research | research, paper, academic, scholarly, citation, scientific literature, journal, study, preprint, science | 論文, 研究, 学術, 文献, 引用, 科学
`;
