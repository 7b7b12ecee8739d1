/** Topics of the thesaurus, a line each, in the form that `parse-thesaurus.ts` describes. */
export const WORK_AND_SOCIETY = `
# Work, law, government, education
job | job, vacancy, career, hiring, recruitment, employment, job listing, ?opening, work opportunity, recruit | 求人, 仕事, 就職, 転職, 採用, 雇用, アルバイト, 職
salary > job | salary, wage, pay scale, ?compensation, ?income | 給与, 給料, 年収, 賃金, 時給
resume > job | resume, cv, curriculum vitae, job application, cover letter | 履歴書, 職務経歴書, エントリーシート
lead | ?lead, contact data, sales prospect, enrichment, crm, prospecting, b2b contact | 見込み客, リード, 営業先, ?顧客, 顧客管理
marketing | marketing, advertising, ?ad, campaign analytics, advertisement, ads | マーケティング, 広告, 宣伝, 集客
survey | survey, questionnaire, poll, opinion poll | アンケート, ?調査, 世論調査
legal | legal, ?law, lawyer, attorney, regulation, statute, litigation, legislation, ?act | 法律, 法令, 弁護士, 法務, 規制, 条文, 条例
court > legal | court, case law, lawsuit, judgment, ruling, precedent | 判例, 裁判, 訴訟, 判決, 裁判所
contract > legal | contract, agreement, clause, nda, terms of service, lease | 契約, 契約書, 条項, 規約, ?合意, 秘密保持
signature > contract | e-signature, electronic signature, sign document, esign | 電子署名, 署名, 電子契約, サイン
patent > legal | patent, trademark, intellectual property, invention | 特許, 商標, 知的財産, 知財, 発明
government | government, public sector, municipal, procurement, open data, ?tender, ?grant, ?subsidy, civic | 政府, 行政, 自治体, 公共, 官公庁, 入札情報, 補助金, オープンデータ, 市役所, 助成金
election > government | election, vote, parliament, politician, ?candidate, congress, diet member | 選挙, 投票, 議会, 議員, 国会, 候補者
census > government | census, population, demographic, statistics office | 国勢調査, ?人口, 人口統計, 統計局, 世帯
education | education, course, lesson, ?school, ?student, e-learning, tutor, university, ?class, teach, learn | 教育, 講座, 授業, 学校, 学習, 大学, 塾, 教材, 勉強, 生徒
quiz > education | quiz, trivia, flashcard, exam, test question, practice question | クイズ, 試験, ?問題, 雑学, 検定, 暗記カード
languagelearning > education | language learning, learn a language, english lesson, conversation practice | 語学, 英会話, 語学学習
crime | crime, police, criminal record, safety index | 犯罪, 警察, 治安, 防犯
`;
