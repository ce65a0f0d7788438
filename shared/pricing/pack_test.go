package pricing_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"dangol/shared/pricing"
)

func TestAPackedConfigurationIsTheSameAndFitsIntoAVariable(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("shop.json")
	if err != nil {
		t.Fatal(err)
	}
	short, err := pricing.PackShop(raw)
	if err != nil {
		t.Fatal(err)
	}
	// A Lambda function has 4 KB for all its variables; this one leaves more than half of it.
	if len(short) > 2_000 {
		t.Errorf("%d bytes become %d", len(raw), len(short))
	}
	got, err := pricing.LoadShop(short)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pricing.DefaultShop()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestAConfigurationThatCannotBeReadIsNotPacked(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"no JSON": "shop", "no zones": `{"languages":["ko"],"currencies":["KRW"]}`, "a field that is none": `{"shop":"x"}`,
	} {
		if short, err := pricing.PackShop([]byte(raw)); err == nil {
			t.Errorf("%s: packed as %s", name, short)
		}
	}
}

func TestAPackedConfigurationThatWasSpoiledIsAnError(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("shop.json")
	if err != nil {
		t.Fatal(err)
	}
	short, err := pricing.PackShop(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut off": short[:len(short)-40], "no base64": "gzip:!", "no gzip": "gzip:c2hvcA==", "nothing": "gzip:",
	} {
		if _, err := pricing.LoadShop(text); err == nil || !strings.Contains(err.Error(), "shop configuration") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A shop with many zones is still short, because zones are alike.
func TestAShopOfFiftyCountriesFits(t *testing.T) {
	t.Parallel()
	countries := strings.Fields(`AE AR AT AU BE BG BR CA CH CL CN CO CY CZ DE DK EE EG ES FI FR GB GR HK HR HU ID IE IL IN IT
		JP KR LT LU LV MT MX MY NL NO NZ PH PL PT RO SE SG SI US`)
	zones := make([]json.RawMessage, len(countries))
	for i, country := range countries {
		zones[i] = fmt.Appendf(nil, `{"id":"z%d","countries":["%s"],"methods":[{"id":"post","name":{"ko":"우편","en":"Post"},`+
			`"prices":{"USD":{"amount":%d}}}]}`, i, country, 500+i)
	}
	shop := map[string]any{"languages": []string{"ko", "en"}, "currencies": []string{"USD"}, "zones": zones}
	raw, err := json.Marshal(shop)
	if err != nil {
		t.Fatal(err)
	}
	short, err := pricing.PackShop(raw)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(short, "\n") || len(short) > 2_000 {
		t.Errorf("%d bytes become %d", len(raw), len(short))
	}
}
