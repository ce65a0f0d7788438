package address_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/address"
	"dangol/shared/platform/problem"
)

func korean(change func(*address.Address)) address.Address {
	a := address.Address{Name: "김하늘", Line1: "서울특별시 성동구 왕십리로 83", PostalCode: "04769", Country: "KR",
		Phone: "010-1234-5678"}
	change(&a)
	return a
}

func TestAddressIsStoredInOneForm(t *testing.T) {
	t.Parallel()
	got, err := korean(func(a *address.Address) { a.Name, a.Line2, a.City = " 김하늘 ", " 301호", "서울 " }).Normalize(
		"/address")
	want := address.Address{
		Name: "김하늘", Line1: "서울특별시 성동구 왕십리로 83", Line2: "301호", City: "서울", PostalCode: "04769", Country: "KR",
		Phone: "+821012345678",
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestEachWrongFieldOfAnAddressIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*address.Address)
		wrong  []string
	}{
		{"all good", func(*address.Address) {}, nil},
		{"no postal code and no number", func(a *address.Address) { a.PostalCode, a.Phone = "", "" }, nil},
		{"a country that is none", func(a *address.Address) { a.Country = "XX" }, []string{"/a/country"}},
		{"another country's code", func(a *address.Address) { a.PostalCode = "SW1A 1AA" }, []string{"/a/postalCode"}},
		{"a name of spaces", func(a *address.Address) { a.Name = " \t " }, []string{"/a/name"}},
		{"a name that leads somewhere", func(a *address.Address) { a.Name = "prizes at win。example" }, []string{"/a/name"}},
		{"initials with spaces", func(a *address.Address) { a.Name = "J. R. Smith" }, nil},
		{"a house's name with a dot", func(a *address.Address) { a.Line1 = "12 St.Mary's Rd." }, nil},
		{"the longest street", func(a *address.Address) { a.Line1 = strings.Repeat("가", 200) }, nil},
		{"too long a street", func(a *address.Address) { a.Line1 = strings.Repeat("가", 201) }, []string{"/a/line1"}},
		{"a line break", func(a *address.Address) { a.Line1 = "a\nb" }, []string{"/a/line1"}},
		{"several", func(a *address.Address) { a.Line1, a.PostalCode, a.Phone = " ", "1", "call me" },
			[]string{"/a/line1", "/a/postalCode", "/a/phone"}},
	} {
		_, err := korean(c.change).Normalize("/a")
		var wrong []string
		if err != nil {
			for _, f := range problem.From(err).Fields {
				wrong = append(wrong, f.Pointer)
			}
		}
		if !slices.Equal(wrong, c.wrong) {
			t.Errorf("%s: %v, want %v", c.name, wrong, c.wrong)
		}
	}
}

func TestPostalCodesHaveTheFormOfTheirCountry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ country, sent, want string }{
		{"KR", "04769", "04769"}, {"KR", " 04769 ", "04769"}, {"KR", "4769", ""}, {"KR", "133-070", ""},
		{"US", "94107", "94107"}, {"US", "94107-1234", "94107-1234"}, {"US", "9410", ""},
		{"GB", "sw1a  1aa", "SW1A 1AA"}, {"GB", "M1 1AE", "M1 1AE"}, {"GB", "12345", ""},
		{"JP", "150-0001", "150-0001"}, {"CA", "k1a 0b1", "K1A 0B1"}, {"NL", "1012 ab", "1012 AB"}, {"DE", "1011", ""},
		{"IE", "D02 AF30", "D02 AF30"}, {"IE", "D02<AF30", ""}, {"AE", "", ""},
	} {
		a, err := korean(func(a *address.Address) { a.Country, a.PostalCode, a.Phone = c.country, c.sent, "" }).Normalize("")
		if (err == nil) != (c.want != "" || c.sent == "") || err == nil && a.PostalCode != c.want {
			t.Errorf("%s %q: %q, %v", c.country, c.sent, a.PostalCode, err)
		}
	}
}

func TestNumbersAreStoredAsE164(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ country, sent, want string }{
		{"KR", "010-1234-5678", "+821012345678"}, {"KR", "02-312-3456", "+8223123456"},
		{"KR", "+82 10 1234 5678", "+821012345678"},
		{"US", "(415) 555-2671", "+14155552671"}, {"US", "1 415 555 2671", "+14155552671"},
		{"IT", "06 698 12345", "+390669812345"},
		{"KR", "+1 415 555 2671", "+14155552671"}, {"AE", "+971 50 123 4567", "+971501234567"},
		{"AE", "050 123 4567", ""}, {"KR", "0", ""}, {"KR", "1234", ""}, {"KR", "010-1234-5678 ext 9", ""},
		{"KR", "+0821012345678", ""},
		{"KR", "+8210123456789012", ""}, {"KR", "＋821012345678", ""}, {"KR", "٠١٠١٢٣٤٥٦٧٨", ""},
	} {
		a, err := korean(func(a *address.Address) { a.Country, a.PostalCode, a.Phone = c.country, "", c.sent }).Normalize("")
		if (err == nil) != (c.want != "") || err == nil && a.Phone != c.want {
			t.Errorf("%s %q: %q, %v", c.country, c.sent, a.Phone, err)
		}
	}
}

func TestWhatNormalizeReturnsItLeavesAlone(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ +0-9A-Za-z\-]{0,12}`))
	rapid.Check(t, func(t *rapid.T) {
		a := address.Address{
			Name: text.Draw(t, "name"), Line1: text.Draw(t, "line1"), PostalCode: text.Draw(t, "code"),
			Phone:   text.Draw(t, "phone"),
			Country: rapid.SampledFrom([]string{"KR", "US", "GB", "AE", "JP"}).Draw(t, "country"),
		}
		once, err := a.Normalize("")
		if err != nil {
			return
		}
		if twice, err := once.Normalize(""); err != nil || twice != once {
			t.Fatalf("%+v, then %+v (%v)", once, twice, err)
		}
	})
}
