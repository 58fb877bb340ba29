//! The Japanese help: what stands in the place of every English line. A test finds what is missing.

use clap::{Arg, Command};
use techo_health::Kind;

use super::tabled;

const TEMPLATE: &str = "{about-with-newline}\n使い方: {usage}\n\n{all-args}{after-help}";

/// Puts Japanese in the place of every help text.
pub(super) fn translate(command: Command) -> Command {
    let name = command.get_name().to_owned();
    command_at(command, &name)
}

fn command_at(mut command: Command, path: &str) -> Command {
    if let Some(about) = about(path) {
        command = command.about(about).long_about(None::<&str>);
    }
    if let Some(after) = command.get_after_help().map(ToString::to_string) {
        let after = after
            .replacen("Examples:", "例:", 1)
            .replacen("Example:", "例:", 1);
        command = command.after_help(after);
    }
    let is_top = !path.contains(' ');
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for name in names {
        let below = if is_top {
            name.clone()
        } else {
            format!("{path} {name}")
        };
        let below = if is_top {
            format!("techo {below}")
        } else {
            below
        };
        command = command.mut_subcommand(name, |sub| command_at(sub, &below));
    }
    let ids: Vec<String> = command
        .get_arguments()
        .map(|arg| arg.get_id().to_string())
        .collect();
    for id in ids {
        command = command.mut_arg(id, argument);
    }
    command
        .help_template(TEMPLATE)
        .subcommand_help_heading("コマンド")
        .subcommand_value_name("コマンド")
        .disable_help_subcommand(true)
}

fn argument(arg: Arg) -> Arg {
    let heading = if arg.is_positional() {
        "引数"
    } else {
        "オプション"
    };
    match words(arg.get_id().as_str()) {
        Some(help) => {
            let help = tabled::field_of(arg.get_id().as_str()).map_or_else(
                || help.to_owned(),
                |field| tabled::described(help, field, |choice| choice.japanese),
            );
            arg.help(help).long_help(None::<&str>).help_heading(heading)
        }
        None => arg.help_heading(heading),
    }
}

/// What a command does.
pub(super) fn about(path: &str) -> Option<&'static str> {
    let path = path.strip_prefix("techo").unwrap_or(path).trim_start();
    Some(match path {
        "" => "家族の健康記録を、家族自身の手元に暗号化して持つ手帳です。",
        "init" => "新しい家族の手帳を、この端末に作ります。",
        "member" => "家族のメンバー。",
        "member add" => "メンバーを加えます(端末を持たない人も)。",
        "member list" => "メンバーの一覧。",
        "member show" => "メンバーひとりの内容。",
        "export" => "記録を、暗号化しないファイルに写します(ほかのプログラム用)。",
        "import" => "写したファイルから記録を取り込みます。",
        "member amend" => "メンバーの内容を直します。",
        "add" => "予防接種・計測・妊娠・病気など、記録を書きます。",
        "add vaccination" => "予防接種1回分。",
        "add measurement" => "身長・体重・体温などの計測値。",
        "add checkup" => "健康診査(健診)。",
        "add note" => "メモ。",
        "timeline" => "すべての記録を日付順に表示します。",
        "growth" => "発育: 手帳またはWHOの曲線の中で、どのように育ってきたか。",
        "checkup" => "健診: 所見を書く様式(手帳は要りません)。",
        "checkup forms" => "様式の一覧。",
        "checkup form" => "様式ひとつ: 項目、書ける内容、出典。",
        "due" => "家族みんなの、これから受ける予防接種と健診、次の受診の案。",
        "messages" => "年齢・妊娠週数・季節に合うお知らせ(照らし合わせはこの端末だけで行います)。",
        "remind" => {
            "これからの予定: 一覧、スマートフォンのカレンダー用ファイル、または時が来たらお知らせ。"
        }
        "record" => "記録ひとつを見る、または家族の書いた記録を直します。",
        "record show" => "記録と、その訂正の履歴を表示します。",
        "record amend" => "家族が書いた記録の項目を直します。",
        "device" => "家族の端末。新しい端末を迎え入れます。",
        "device list" => "家族の端末の一覧。",
        "device join" => "新しい端末で: 手帳と招待券を作り、迎え入れを待ちます。",
        "device invite" => "家族の端末で: 新しい端末の招待券に応えます。",
        "device confirm" => "どちらの端末でも: 途中のペアリングを続け、数字を確かめます。",
        "sync" => "リレーと新しい記録をやり取りします。",
        "status" => "手帳の状態: 手元にあるもの、まだ届いていないもの。",
        "enrol" => "マイナンバーカードを使い、市区町村に公式記録を申し込みます。",
        "rebind" => {
            "端末を外した後などに、市区町村に新しい鍵を使ってもらいます。カードは要りません。"
        }
        "card" => "マイナンバーカード: リーダーにあるものと、市区町村に渡る証明書。",
        "card status" => {
            "リーダー、カード、有効期間、残り回数を表示します(パスワードは送りません)。"
        }
        "card certificate" => {
            "市区町村に渡る署名用電子証明書の内容を、持ち主に表示します(どこにも送りません)。"
        }
        "issuers" => "記録を受け入れている市区町村。",
        "prove" => "公式記録ひとつを、他の人に証明するファイルを作ります。",
        "check" => "証明ファイルを、市区町村の発行者ファイルだけで、オフラインで確かめます。",
        "doctor" => "手帳全体を読み、傷み・不足・失われたものを報告します。",
        "schedule" => "予防接種: 規則から見て次に受けるもの(手帳は要りません)。",
        "schedule forecast" => "JSONの各行に、次の接種をJSONの行で答えます(docs/schedule.md)。",
        "schedule rules" => "使っている規則、または規則ファイルに誤りがないか。",
        "city" => "市区町村用: 住民が検証できる記録を発行します。",
        "city init" => "市区町村の鍵と、公開する発行者ファイルを作ります。",
        "city card" => "架空の人の模擬カードを作ります。",
        "city nonce" => "申込み1回分のナンスを発行します。",
        "city enrol" => "申込みを住民の台帳と照合し、住民と結びつけます。",
        "city publish" => "健康管理システムの出力CSVの内容を発行し、届けます。",
        "city correct" => "発行済みの記録を、署名した新しい記録で訂正します。",
        "city withdraw" => "誤って発行した記録を取り消します。",
        "city publish-messages" => {
            "市区町村のお知らせを、申込みのあるすべての人に届けます。同じお知らせの新しいファイルは前のものに代わります。"
        }
        "city lists" => {
            "フォルダーの失効リストを受け取ります。一度受け取ると、最新のリストなしにはだれも結びつけません。"
        }
        "city recheck" => {
            "すべての結びつきの失効を確かめ直し、待っている申込みを判断します(毎日実行)。"
        }
        "city end" => "結びつきを終わりにします。家族に理由は伝えません。",
        "city review" => "担当者の確認が必要なもの: 台帳に合わない申込み、確かめるべき結びつき。",
        "city deliver" => "まだ届けていないものを届けます。",
        "city status" => "発行したものと、まだ届けていないもの。",
        "relay" => "運用者用: リレーを動かします。",
        "relay run" => {
            "封筒を預かり、受け取られるまで保管します(Ctrl-Cで終了)。家族に伝える番地を表示します。"
        }
        "demo" => "すべての場面を、別々のプログラムで、ひとつのフォルダーの中で演じます。",
        other => return other.strip_prefix("add ").and_then(kind),
    })
}

fn kind(name: &str) -> Option<&'static str> {
    name.parse().ok().map(Kind::japanese)
}

/// What an argument or option means, by its id.
pub(super) fn words(id: &str) -> Option<&'static str> {
    if let Some(field) = tabled::field_of(id) {
        return Some(field.japanese);
    }
    common(id).or_else(|| family(id)).or_else(|| official(id))
}

fn common(id: &str) -> Option<&'static str> {
    Some(match id {
        "help" => "この説明を表示します",
        "version" => "版を表示します",
        "vault" => "手帳のフォルダー(既定: OSのデータフォルダー、または TECHO_VAULT)",
        "lang" => "表示の言語: ja または en(既定: LANG)",
        "json" => "プログラム向けにJSONで出力します(docs/json.md)",
        "passphrase_file" => "合言葉をファイルの1行目から読みます(または TECHO_PASSPHRASE_FILE)",
        "member" => "だれの記録か: 名前、その一部、またはid",
        "id" => "記録のid、またはその末尾(timelineに表示)",
        "out" => "書き出すファイル",
        "show" => {
            "見せる部分: who(氏名・生年月日)、what(内容)、where(場所・ロット)。残りは隠れます"
        }
        "issuer" => "市区町村の発行者ファイル(rebind では、その名前・コード・id)",
        "nonce" => "この申込みのために市区町村が渡したナンスのファイル",
        "name" => "名前",
        "address" => "住所(子どもは、市区町村の台帳にあるとおり)",
        "born" => "生年月日(2024-10-01、令和6年10月1日 など)",
        "dir" => "フォルダー(なければ作ります)",
        "file" => "ファイル",
        "questions" => "質問のファイル、1行にひとつ(既定: 標準入力)",
        "rules" => "組み込みのものの代わりに使う規則ファイル",
        "check" => "確かめる規則ファイル",
        "no_wait" => "1歩だけ進めて終わります(続きは techo device confirm)",
        "wait" => "相手の端末を待つ秒数",
        _ => return None,
    })
}

fn family(id: &str) -> Option<&'static str> {
    Some(match id {
        "device" => "家族の中でのこの端末の呼び名",
        "relay" => "端末どうしをつなぐリレーの番地",
        "sex" => "性別: female(女)または male(男)",
        "kana" => "名前のかな",
        "romaji" => "名前のローマ字(海外向けの証明用)",
        "date" => "いつ(2026-04-03、R8.4.3、2026-04、6歳頃 など。既定: 日本の今日)",
        "field" => "この種類のほかの項目(何度でも): 項目=値(docs/records.md)",
        "sensitivity" => {
            "公開の範囲: normal(通常)、private(頼まれたときだけ写す)、never-share(決して写さない)"
        }
        "gestation" => "生まれたときの在胎週数(38w4d、38週4日 など)",
        "birth_order" => "第何子か(1から)",
        "blood_type" => "血液型: A、B、O、AB、または言葉",
        "format" => "形: json または csv",
        "private" => "非公開の記録と所見も写します(持ち出し禁止の記録は写しません)",
        "confirm" => "ありえないように見える値でも書きます(二度確かめたとき)",
        "vaccine" => "ワクチンの記号か名前: MR、5種混合、BCG …",
        "product" => "製品名",
        "maker" => "製造者",
        "lot" => "シールの製造番号(ロット)",
        "dose_ml" => "接種量(mL)",
        "dose" => "何回目か(1から)",
        "facility" => "場所(医療機関・会場)",
        "doctor" => "担当した人",
        "voluntary" => "任意接種(定期接種でないもの)",
        "reaction" => "接種後の反応",
        "note" => "その他のメモ",
        "quantity" => "身長、体重、頭囲、胸囲、体温 … または height、weight …",
        "value" => "値(読み取ったとおり)",
        "unit" => "単位: cm、kg、g、Cel …",
        "posture" => "lying(ねて)または standing(立って)",
        "checkup" => "18m、3y … または 1歳6か月児健診 …",
        "judgement" => "判定: healthy(健康)、observe(要観察)、examine(要精査)、または言葉",
        "finding" => "所見ひとつ(何度でも): 記号=内容",
        "text" => "本文",
        "title" => "題",
        "document_file" => {
            "書類のファイル: 指紋(SHA-256)だけを書きます。ファイルそのものは手帳に入りません"
        }
        "latest" => "新しいものから、この件数だけ",
        "kind" => "種類: vaccination、measurement、pregnancy、illness …",
        "set" => "項目と新しい値(何度でも): 項目=値",
        "clear" => "消す項目(何度でも)",
        "reference" => "比べる調査: japan(令和5年の調査、手帳の曲線)または who",
        "svg" => "曲線を絵(SVG)にして書き出します",
        "measure" => "これだけ: height(身長)、weight(体重)、head(頭囲)。既定: 計ったものすべて",
        "ages" => {
            "図の年齢: infant(0〜12か月)または child(0〜6歳半)。既定: 1歳までの記録だけなら infant"
        }
        "table" => "図を出さず、表だけにします",
        "ics" => "カレンダーのファイルを書きます。次も同じファイルに書くと、新しくなります",
        "titles" => "カレンダーに出す題: neutral(「予定」だけ)または full(だれの何か)",
        "weeks_ahead" => "何週間先まで見るか",
        "ticket" => "新しい端末が表示した招待券(- で標準入力から)",
        "digits" => "相手の端末に表示された6桁の数字",
        "refuse" => "数字が違う: このペアリングをやめます",
        "form" => "様式: 18m、3y …(項目を確かめて書きます。techo checkup forms)",
        "days" => "何日先までを見るか(既定: 90)",
        "on" => "今日の代わりに答える日(2027-04-01、R9.4.1 など)",
        "voluntary_too" => "任意の予防接種も案に入れます",
        "all" => "何年も先のもの、済んだもの、すべての受診の案も表示します",
        "wareki" => "年を和暦で表示します(令和8年11月22日)",
        "days_reminded" => "何日先までを見るか(既定: 180)",
        "watch_reminders" => "Ctrl-Cまで続けて、1週間前・前日・当日にお知らせします",
        "watch" => "Ctrl-Cまで続けて、いつも最新に保ちます",
        _ => return None,
    })
}

fn official(id: &str) -> Option<&'static str> {
    Some(match id {
        "card" => "リーダーのマイナンバーカードで署名します",
        "reader" => "カードリーダーの名前、またはその一部(既定: カードのあるただひとつのもの)",
        "card_password_file" => {
            "署名用パスワードをファイルの1行目から読みます(既定: たずねます。画面には出ません)"
        }
        "last_try" => "残り1回でも送ります(間違えると、窓口で初期化するまで使えません)",
        "simulated_card" => "模擬カードのファイル。本物のカードの代わりで、何も証明しません",
        "child" => "メンバーはカードの持ち主の子どもです",
        "agree" => "たずねられずに同意します(同意文は表示されます)",
        "proof" => "証明ファイル",
        "code" => "全国地方公共団体コード(6桁)",
        "simulated_pki" => "模擬カードを受け入れます。何も証明せず、答えのすべてにそう書かれます",
        "root_passphrase_file" => {
            "ルート鍵の合言葉をファイルから読みます(ルート鍵は新しい鍵を作るときだけ使います)"
        }
        "gender" => "カードのとおり: 1 男、2 女、3 不明",
        "register" => "住民の台帳(CSV)",
        "revocation_lists" => "先に、このフォルダーの失効リストを受け取ります",
        "folder" => "発行元が毎日出す失効リスト(.crl、DER)のフォルダー",
        "binding" => "結びつきのid、またはその先頭(review と recheck に表示)",
        "revoked" => "証明書の失効がわかったすべての結びつき",
        "case" => "件の番号、またはその先頭: 申込者の4情報を担当者に表示します",
        "bind" => "この宛名番号の住民と結びつけます(本人を確かめたとき)",
        "guardian" => "カードの持ち主の宛名番号(台帳からわからないとき)",
        "dismiss" => "だれとも結びつけず、証拠を消します",
        "decision" => "確かめるための台帳、または決定",
        "pack" => "このidのお知らせを取り下げます",
        "no_deliver" => "今はリレーに届けません",
        "listen" => "待ち受ける番地(何度でも。既定: すべて、UDP 4433番)",
        "advertise" => "端末から見たこのリレーのホスト名",
        "metrics" => {
            "/metrics(Prometheus)と /healthz をHTTPで知らせる番地。このコンピューターの中だけで、箱も人も示しません(既定: なし)"
        }
        "mailbox_quota" => "ひとつのメールボックスに預かる封筒のバイト数",
        "inbox_quota" => "ひとつの受信箱に預かるバイト数",
        "keep" => "このフォルダーを使い、すべてを残して、次に試すことを表示します",
        _ => return None,
    })
}
