package pricing_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dangol/shared/pricing"
)

func TestAConfigurationThatIsWrongNamesTheField(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		spoil func(*pricing.Shop)
		want  string
	}{
		{"no language", func(s *pricing.Shop) { s.Languages = nil }, "languages: at least one"},
		{"a language that is none", func(s *pricing.Shop) { s.Languages[1] = "English" }, "languages[1]"},
		{"a language twice", func(s *pricing.Shop) { s.Languages[1] = "ko" }, "languages[1]"},
		{"no currency", func(s *pricing.Shop) { s.Currencies = nil }, "currencies: at least one"},
		{"a currency that is none", func(s *pricing.Shop) { s.Currencies[1] = "WON" }, "currencies[1]"},
		{"a country that is none", func(s *pricing.Shop) { s.Zones[0].Countries[0] = "Korea" }, "zones[0].countries[0]"},
		{"a country in two zones", func(s *pricing.Shop) { s.Zones[1].Countries[0] = "KR" }, "zones[1].countries[0]"},
		{"a zone without methods", func(s *pricing.Shop) { s.Zones[1].Methods = nil }, "zones[1].methods"},
		{"a method without a Korean name", func(s *pricing.Shop) { delete(s.Zones[1].Methods[0].Name, "ko") },
			"zones[1].methods[0].name.ko"},
		{"a method twice", func(s *pricing.Shop) { s.Zones[0].Methods[1].ID = "standard" }, "zones[0].methods[1].id"},
		{"a method id with blanks", func(s *pricing.Shop) { s.Zones[0].Methods[1].ID = "Same day" },
			"zones[0].methods[1].id"},
		{"a negative price", func(s *pricing.Shop) { s.Zones[1].Methods[0].Prices["USD"] = pricing.Rate{Amount: -1} },
			"zones[1].methods[0].prices.USD.amount"},
		{"a price beyond reason", func(s *pricing.Shop) { s.Zones[1].Methods[0].Prices["USD"] = pricing.Rate{Amount: 1e15} },
			"zones[1].methods[0].prices.USD.amount"},
		{"a negative threshold", func(s *pricing.Shop) { s.Zones[1].Methods[0].Prices["USD"] = pricing.Rate{FreeFrom: -1} },
			"zones[1].methods[0].prices.USD.freeFrom"},
		{"a price in a currency the shop does not take",
			func(s *pricing.Shop) { s.Zones[1].Methods[0].Prices["JPY"] = pricing.Rate{} }, "zones[1].methods[0].prices.JPY"},
		{"a tax above the whole", func(s *pricing.Shop) { s.Taxes[0].Rate = 10001 }, "taxes[0].rate"},
		{"a tax without a name", func(s *pricing.Shop) { s.Taxes[0].Name = "" }, "taxes[0].name"},
		{"two taxes of a country", func(s *pricing.Shop) { s.Taxes[1].Country = "KR" }, "taxes[1].country"},
		{"a tax in an unknown currency", func(s *pricing.Shop) { s.Taxes[0].IncludedIn = []string{"GBP"} },
			"taxes[0].includedIn[0]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := shop(t)
			c.spoil(&s)
			raw, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = pricing.ParseShop(raw); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not name %s", err, c.want)
			}
		})
	}
}

func TestAConfigurationOfAnotherShapeIsRefused(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"not JSON": `zones:`, "an unknown field": `{"lnguages":["ko"]}`, "a wrong type": `{"currencies":"KRW"}`,
		"something behind it": `{} {}`,
	} {
		if _, err := pricing.ParseShop([]byte(raw)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestAConfigurationComesFromTextFileOrBinary(t *testing.T) {
	t.Parallel()
	s := shop(t)
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "shop.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, config := range []string{"", string(raw), file} {
		if got, err := pricing.LoadShop(config); err != nil || len(got.Zones) != len(s.Zones) {
			t.Errorf("%.20q: %v", config, err)
		}
	}
	if _, err := pricing.LoadShop(file + ".gone"); err == nil {
		t.Error("a file that is not there is taken")
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := shop(t)
	cases := []struct {
		name, country, currency string
		want                    []string
	}{
		{"Korea has two ways", "KR", "KRW", []string{"standard", "express"}},
		{"a country of a zone has its own", "FR", "EUR", []string{"standard", "express"}},
		{"any other country has the world's", "BR", "USD", []string{"standard"}},
		{"a currency without prices has none", "KR", "JPY", nil},
		{"an unknown country has none", "", "KRW", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range s.Methods(c.country, c.currency) {
				got = append(got, m.ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	m := s.Methods("KR", "KRW")[0]
	if m.In("fr", "en") != "Standard" || m.In("fr") == "" || len(slices.Collect(maps.Keys(m.Name))) != 2 {
		t.Errorf("names %v", m.Name)
	}
}
