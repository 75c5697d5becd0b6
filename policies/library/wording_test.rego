package wording_test

import data.procurement.wording

test_short_text_stands_as_it_is if {
	every text in ["", "acme", "Grüße, 東京", "\"quoted\"", "__proto__"] {
		wording.cut(text) == text
	}
}

test_long_text_is_cut_by_characters_and_not_by_bytes if {
	wording.cut("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") == "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	wording.cut("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab") == "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"
	wording.cut("東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東京") == "東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東東…"
}

test_what_is_no_text_is_not_repeated if {
	every value in [null, 0, true, [], ["acme"], {}, {"a": "b"}] {
		wording.shown("vendor_id") == "?" with input as {"call": {"arguments": {"vendor_id": value}}}
	}
}

test_words_are_never_missing if {
	wording.shown("vendor_id") == "?" with input as {}
	wording.shown("vendor_id") == "?" with input as {"call": {"arguments": {}}}
	wording.shown("vendor_id") == "acme" with input as {"call": {"arguments": {"vendor_id": "acme"}}}
}
