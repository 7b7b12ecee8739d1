/** Topics of the thesaurus, a line each, in the form that `parse-thesaurus.ts` describes. */
export const LANGUAGE_AND_MEDIA = `
# Language, text
translation | translation, translate, translator, machine translation, interpret, localisation, localization, multilingual | 翻訳, 訳す, 通訳, 機械翻訳, 多言語, 英訳, 和訳, 訳
dictionary | dictionary, definition, thesaurus, meaning of a word, word meaning, synonym, vocabulary, lexicon | 辞書, 単語, ?意味, 語義, 類義語, 語彙, ?定義, 同義語
grammar | grammar, spelling, proofread, proofreading, spell check, spellcheck, typo | 文法, 校正, 誤字, 添削, スペル, 脱字, スペルチェック, 校閲
summary | summary, summarise, summarize, summarization, summarisation, ?abstract, ?digest, tldr, shorten, condense, gist | 要約, 要点, ?まとめ, サマリー, ?概要, 抄録, 短くまとめる
sentiment | sentiment, opinion mining, ?emotion, ?tone, ?mood | 感情, 感情分析, 感情認識, 評判分析, 口調, ネガポジ
keyword | keyword, key phrase, entity extraction, named entity, ?tagging, nlp, text analysis | キーワード, 固有表現, 形態素解析, 自然言語処理, テキスト解析, キーフレーズ
langdetect | language detection, detect language, language identification, which language | 言語判定, 言語検出, 何語
readability | readability, reading level | 読みやすさ, 可読性
furigana | furigana, kana, kanji reading, romaji, transliteration, transliterate, pronunciation | ふりがな, 読み仮名, よみがな, ローマ字, ルビ, 読み方, ?発音
moderation | moderation, profanity, toxicity, toxic, nsfw, hate speech, content safety, abusive, offensive | モデレーション, 不適切, 有害, 誹謗中傷, 暴言, 検閲, 投稿監視
textgen | text generation, llm, chat completion, language model, copywriting, gpt, chatbot, writing assistant | 文章生成, 言語モデル, チャットボット, 生成ai, 対話, 文章作成
plagiarism | plagiarism, originality, ?copied, duplicate text | 剽窃, 盗用, コピペ
document | document, pdf, word file, docx, file conversion, convert file, paperwork, document conversion | ?文書, 書類, pdf, ファイル変換, ドキュメント, ?資料, 文書変換
ocr | ocr, text recognition, ?scan, scanned, text from image, read text, handwriting, extract text | 文字認識, ocr, 文字起こし画像, スキャン, 手書き, 読み取り, 読み取る, 文字を読み取る
spreadsheet | spreadsheet, excel, csv, table data | 表計算, エクセル, スプレッドシート, csv
# Media
speech | speech to text, speech recognition, transcription, transcribe, transcript, dictation, voice recognition, audio to text | 音声認識, 文字起こし, 書き起こし, 議事録, 聞き取り, テープ起こし
tts | text to speech, speech synthesis, voice synthesis, read aloud, voiceover, narration, tts, synthetic voice | 音声合成, 読み上げ, ナレーション, 読み上げる, 音声読み上げ, 合成音声
audio | audio, sound, voice, noise removal, podcast | 音声, ?音, オーディオ, ポッドキャスト, ?声
image | image, picture, photo, photograph, photography, jpeg, png | 画像, 写真, イメージ, 絵, フォト
imagegen > image | image generation, text to image, generate image, illustration, ?draw, artwork, drawing | 画像生成, イラスト, 絵を描く, 描画, 画像を作る, イラスト生成
imageedit > image | background removal, remove background, image editing, resize, ?crop, upscale, retouch, photo editing, cutout | 背景除去, 背景削除, 画像編集, 画像加工, 切り抜き, 高画質化, リサイズ, 切り抜く, 背景を消す
vision > image | object detection, image recognition, computer vision, image classification, label image, image tagging | 物体検出, 画像認識, 画像分類, 物体認識, 画像解析
face | face, facial, face recognition, selfie | 顔, 顔認証, 顔認識, 自撮り
thumbnail > image | thumbnail, screenshot, preview image, screen capture, web capture | サムネイル, スクリーンショット, キャプチャ, ?画面
logo | logo, brand asset, favicon, ?icon | ロゴ, アイコン, ブランド
video | video, ?clip, footage, movie clip, film editing, streaming | 動画, 映像, ビデオ, ?配信
caption > video | caption, subtitle, captions, closed caption | 字幕, キャプション, テロップ
barcode | barcode, qr, qr code, ean, upc, isbn scan | バーコード, qrコード, 二次元コード
chart | chart, ?graph, ?plot, visualisation, visualization, ?diagram | グラフ, チャート, 可視化, 図表
music | music, song, artist, album, ?track, playlist, chord, ?tune, musician | 音楽, 曲, 楽曲, アーティスト, アルバム, プレイリスト, 歌手
lyrics > music | lyrics, song words | 歌詞
movie | movie, ?film, cinema, tv show, television, ?series, anime, box office | 映画, テレビ番組, ドラマ, アニメ, 上映, 番組
book | ?book, author, isbn, library, novel, ebook, publication, reading list | ?本, 書籍, 図書, 図書館, 蔵書, 著者, 小説, 読書
game | ?game, gaming, esports, video game, player stats | ゲーム, eスポーツ
art | art, museum, painting, gallery, sculpture, exhibition, artist works | 美術, 美術館, 博物館, 絵画, 展覧会, 芸術, 展示
event | event, concert, ticket, festival, gig, show tickets, live show | イベント, コンサート, チケット, 祭り, ライブ, 催し, 公演
news | news, headline, ?article, ?press, journalism, newspaper, breaking news, current affairs | ニュース, 記事, 新聞, 報道, 速報, 見出し, 時事
social | social media, twitter, instagram, ?post, hashtag, influencer, follower, tweet | sns, ソーシャルメディア, 投稿, ツイート, ハッシュタグ, インスタグラム, フォロワー
`;
