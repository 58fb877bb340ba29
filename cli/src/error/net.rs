//! What goes wrong between devices and relays, in words.

use techo_client::ClientError;
use techo_relay::RelayError;
use techo_vault::net::NetError;
use techo_vault::pairing::PairingError;
use techo_wire::address::AddressError;

use super::{Exit, Told, vault};
use crate::lang::{Lang, say};

pub(super) fn told(lang: Lang, error: &NetError) -> Told {
    match error {
        NetError::Client(error) => client(lang, error),
        NetError::Vault(error) => vault::told(lang, error),
        NetError::Pairing(error) => pairing(lang, error),
        _ => Told::new(
            "ended",
            Exit::Network,
            lang.of(
                "リレーが途中で会話を終えました。",
                "The relay ended the conversation.",
            ),
        )
        .hint(later(lang)),
    }
}

pub(super) fn client(lang: Lang, error: &ClientError) -> Told {
    let told = |code, ja: &str, en: &str| Told::new(code, Exit::Network, lang.of(ja, en));
    match error {
        ClientError::Unreachable(_) | ClientError::TimedOut | ClientError::Closed(_) => told(
            "unreachable",
            "リレーにつながりません。",
            "The relay cannot be reached.",
        )
        .hint(later(lang)),
        ClientError::WrongRelayKey => told(
            "wrong-relay-key",
            "相手はこのリレーの鍵を持っていません。何も送っていません。",
            "Whoever answered does not hold this relay's key. Nothing was sent.",
        )
        .hint(lang.of(
            "番地(HOST:PORT#KEY)を運用者に確かめてください。",
            "Check the address (HOST:PORT#KEY) with the relay's operator.",
        )),
        ClientError::Version => told(
            "relay-version",
            "リレーの版が合いません。",
            "The relay speaks another version.",
        )
        .hint(lang.of("Techoを更新してください。", "Update Techo.")),
        ClientError::Refused { code, .. } => {
            let text = say!(
                lang,
                "リレーが断りました: {c}",
                "The relay refused: {c}",
                c = code
            );
            Told::new("relay-refused", Exit::Network, text)
        }
        ClientError::PeerMisbehaved(_) => Told::new(
            "relay-misbehaved",
            Exit::Data,
            lang.of(
                "リレーの答えが決まりに合いません。何も受け入れていません。",
                "The relay broke the rules. Nothing of it was accepted.",
            ),
        ),
        _ => told(
            "network",
            "通信の準備ができませんでした。",
            "The network could not be set up.",
        ),
    }
}

fn later(lang: Lang) -> &'static str {
    lang.of(
        "記録は手元に保存されています。つながるときに techo sync を。",
        "Your records are saved here. Run techo sync when you are connected.",
    )
}

pub(super) fn pairing(lang: Lang, error: &PairingError) -> Told {
    let no = |code, ja: &str, en: &str| Told::new(code, Exit::No, lang.of(ja, en));
    let again = lang.of(
        "新しい端末で techo device join をやり直してください。",
        "Begin again with techo device join on the new device.",
    );
    match error {
        PairingError::NotATicket => no("not-a-ticket", "招待券ではありません。", "This is no ticket.")
            .hint(lang.of("techo1-ticket: から始まる1行を全部写してください。", "Copy the whole line that begins with techo1-ticket:")),
        PairingError::Expired => no("ticket-expired", "招待券の期限が切れています。", "The ticket has expired.").hint(again),
        PairingError::AlreadyUsed => no("ticket-used", "招待券はもう使われています。", "The ticket was used before.").hint(again),
        PairingError::NotYet => no("not-yet", "相手の端末からまだ返事がありません。", "The other device has not answered yet.")
            .hint(lang.of("続きは techo device confirm です。", "Go on with techo device confirm.")),
        PairingError::OtherRelay => no("other-relay", "招待券のリレーが、家族のリレーと違います。", "The ticket is for another relay than the family's.")
            .hint(lang.of("新しい端末で、家族のリレー(techo status)を指定してください。", "On the new device, give the family's relay (techo status).")),
        PairingError::Refused => no("pairing-refused", "もう一方の端末が断りました。", "The other device refused.").hint(again),
        _ => Told::new("pairing-broken", Exit::Data, lang.of("ペアリングの通信が正しくありません。だれかが間に入っているかもしれません。何も渡していません。", "The pairing messages do not agree; somebody may be in between. Nothing was handed over.")).hint(again),
    }
}

pub(super) fn address(lang: Lang, error: AddressError) -> Told {
    let text = match error {
        AddressError::Key => lang.of(
            "# の後のリレーの鍵がないか、写し間違いです。",
            "The relay key after # is missing or mistyped.",
        ),
        AddressError::Port => lang.of(
            "ポート番号がないか、1〜65535ではありません。",
            "The port is missing or not from 1 to 65535.",
        ),
        _ => lang.of(
            "ホスト名でもIPアドレスでもありません。",
            "The host is neither a name nor an IP address.",
        ),
    };
    Told::new("relay-address", Exit::Usage, text).hint("HOST:PORT#KEY")
}

pub(super) fn relay(lang: Lang, error: &RelayError) -> Told {
    let text = match error {
        RelayError::Listen { address, source } => {
            say!(
                lang,
                "{a} で待ち受けられません: {e}",
                "Cannot listen on {a}: {e}",
                a = address,
                e = source
            )
        }
        RelayError::MetricsInPublic { address } => {
            let text = say!(
                lang,
                "状態は、このコンピューターの中だけで知らせます。{a} では知らせられません。",
                "Metrics are told on this machine only, not on {a}.",
                a = address
            );
            return Told::new("relay-metrics", Exit::Usage, text).hint("--metrics 127.0.0.1:9090");
        }
        other => say!(
            lang,
            "リレーを始められません: {e}",
            "The relay does not start: {e}",
            e = other
        ),
    };
    Told::new("relay-start", Exit::No, text)
}
