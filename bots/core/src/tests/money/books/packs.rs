//! One pack, told in every order.

use super::*;

/// The seven notices of one pack's life: told, and found by asking; given back in two parts, told
/// and found; a refund that fails, and one more thing.
fn pack_life(last: Told) -> Vec<Notice> {
    let back = |id: &str, minor, total| {
        Told::Reversed(Reversed {
            id: id.into(),
            payment: "order:ord_1".into(),
            by: Reversal::Refund,
            minor,
            total,
            of_minor: 1197,
        })
    };
    let found = Paid { charged: Some(dollars(990)), ..paid("prod_starter", 990) };
    vec![
        at_minute(0, Told::Bought(paid("prod_starter", 990))),
        at_minute(1, Told::Bought(found)),
        at_minute(2, back("ref_1", 400, 400)),
        at_minute(3, back("ref_2", 200, 600)),
        at_minute(4, back("pull_tran_1_600", 0, 600)),
        at_minute(5, Told::NotReversed("order:ord_1".into())),
        at_minute(6, last),
    ]
}

#[test]
fn all_orders_of_a_packs_seven_notices_end_equal_also_when_each_comes_twice() {
    let dispute = Told::Reversed(Reversed {
        id: "disp_1".into(),
        payment: "order:ord_1".into(),
        by: Reversal::Dispute,
        minor: 1197,
        total: 0,
        of_minor: 1197,
    });
    for (last, left, disputed) in [(Told::Nothing, 50, false), (dispute, 0, true)] {
        let life = pack_life(last);
        let begin = |looks_up: bool| {
            let really = looks_up.then(|| life[0].clone());
            Books { really, ..Books::new(starter()) }
        };
        let mut whole = begin(false);
        for notice in &life {
            whole.hear(notice);
        }
        assert_eq!(whole.purse.available(), Credits(3 + left));
        let all = orders(life.len());
        assert_eq!(all.len(), 5040);
        for (number, order) in all.into_iter().enumerate() {
            for looks_up in [false, true] {
                let mut books = begin(looks_up);
                let twice = [order.as_slice(), &order].concat();
                for (at, which) in twice.into_iter().enumerate() {
                    books.hear(&life[which]);
                    if at == number % 14 {
                        books.look();
                    }
                    // What was told once is what it was.
                    let is_once = at == 6 && !looks_up;
                    assert!(!is_once || books.purse.available() == whole.purse.available());
                }
                books.look();
                assert_eq!(books.purse.available(), whole.purse.available(), "{order:?}");
                // Which of a refund and a dispute of the same money came first, the lines tell.
                if disputed {
                    let taken = |books: &Books| books.payments["order:ord_1"].taken;
                    assert_eq!(taken(&books), taken(&whole), "{order:?}");
                    assert_eq!(books.reversals, whole.reversals, "{order:?}");
                } else {
                    assert_eq!(books.end(), whole.end(), "{order:?}");
                }
            }
        }
    }
}
