package shopify_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"dangol/shared/catalog"
	"dangol/shared/catalog/shopify"
)

var korean = shopify.Base{Language: "ko", Currency: "KRW"}

// read parses a file of one product.
func read(t rapid.TB, file string) (shopify.Product, []*shopify.RowError) {
	t.Helper()
	in, err := shopify.NewReader(strings.NewReader(file), 2)
	if err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	g, err := in.Next()
	if err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Fatalf("a second product, %v in\n%s", err, file)
	}
	return g.Product(korean)
}

func TestEachWrongCellIsNamedWithItsRowAndColumn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ head, row, column, code string }{
		"a price with a separator":      {"Variant Price", "\"12,000\"", "Variant Price", "wrong_format"},
		"a price below zero":            {"Variant Price", "-1", "Variant Price", "too_small"},
		"half a won":                    {"Variant Price", "12000.5", "Variant Price", "wrong_format"},
		"three places of a dollar":      {"Price / USD", "9.999", "Price / USD", "wrong_format"},
		"a stock that is no number":     {"Variant Inventory Qty", "many", "Variant Inventory Qty", "wrong_type"},
		"more stock than there can be":  {"Variant Inventory Qty", "10000001", "Variant Inventory Qty", "wrong_type"},
		"a weight that is none":         {"Variant Grams", "NaN", "Variant Grams", "wrong_type"},
		"a weight below zero":           {"Variant Grams", "-5", "Variant Grams", "wrong_type"},
		"an unknown policy":             {"Variant Inventory Policy", "maybe", "Variant Inventory Policy", "not_allowed"},
		"an unknown status":             {"Status", "sold out", "Status", "not_allowed"},
		"a flag that is none":           {"Variant Taxable", "ja", "Variant Taxable", "wrong_type"},
		"a picture that is a script":    {"Image Src", "javascript:alert(1)", "Image Src", "wrong_format"},
		"a picture on this computer":    {"Variant Image", "C:\\soap.jpg", "Variant Image", "wrong_format"},
		"metafields that are no object": {"Metafields", "[1]", "Metafields", "wrong_format"},
		"the column by its newer name":  {"SKU,Inventory quantity", "A-1,many", "Inventory quantity", "wrong_type"},
		"an option without its value":   {"Option1 Name,Option1 Value", "Size,", "Option1 Value", "required"},
	} {
		_, errs := read(t, "Handle,Title,"+c.head+"\nsoap,비누,"+c.row+"\n")
		if len(errs) != 1 || errs[0].Row != 2 || errs[0].Column != c.column || errs[0].Code != c.code {
			t.Errorf("%s: %v", name, errs)
		}
	}
	_, errs := read(t, "Handle,Title\n™,\n")
	if len(errs) != 2 || errs[0].Column != "Handle" || errs[1].Column != "Title" {
		t.Errorf("neither handle nor title: %v", errs)
	}
	_, errs = read(t, "Handle,Title,Vendor\nsoap,비누,a,b\nsoap\n")
	if len(errs) != 2 || errs[0].Code != "wide_row" || errs[1].Code != "cut_row" || errs[1].Row != 3 {
		t.Errorf("a row too wide and one cut short: %v", errs)
	}
}

// What a file has no column for stays as it is in the shop; what it has an empty cell for is taken away.
func TestAMissingColumnIsNotAnEmptyCell(t *testing.T) {
	t.Parallel()
	p, errs := read(t, "Handle,Title\nsoap,비누\n")
	v := p.Variants[0]
	if len(errs) != 0 || p.Vendor != nil || p.Tags != nil || p.Categories != nil || p.Status != nil || p.Images != nil ||
		p.AllMetafields != nil || v.SKU != nil || v.Quantity != nil || v.Grams != nil || v.Backorder != nil ||
		v.Tracked != nil || v.Taxable != nil || len(v.Prices) != 0 {
		t.Errorf("without the columns: %+v, %v", p, errs)
	}
	p, errs = read(t, "Handle,Title,Vendor,Tags,Type,Image Src,Metafields,Variant SKU,Variant Inventory Tracker,"+
		"Variant Inventory Qty,Variant Price,Variant Taxable\nsoap,비누,,,,,,,,,,\n")
	v = p.Variants[0]
	price, priced := v.Prices["KRW"]
	if len(errs) != 0 || *p.Vendor != "" || len(*p.Tags) != 0 || len(*p.Categories) != 0 || len(*p.Images) != 0 ||
		p.AllMetafields == nil || *v.SKU != "" || *v.Tracked || v.Quantity != nil || !priced || price != nil || !*v.Taxable {
		t.Errorf("with empty cells: %+v, %v", p, errs)
	}
}

func TestCellsAsSpreadsheetsWriteThem(t *testing.T) {
	t.Parallel()
	p, errs := read(t, "Handle;Title;Tags;Option1 Name;Option1 Value;Variant Inventory Qty;Variant Grams;Published;"+
		"Variant Inventory Policy;Price / USD;Compare At Price / USD;Title (en);Image Src;Image Position\r\n"+
		"  Rose Soap™ 2 ; "+norm.NFD.String("장미 비누")+
		" ;rose, soap,rose,;Size;S;-3;80.6;FALSE;continue;12.50;10;Rose;https://x.example/2.jpg;2\r\n"+
		"  Rose Soap™ 2 ;;;;\"L\nlarge\";0;;;;15;20;;https://x.example/1.jpg;1\r\n"+
		"  Rose Soap™ 2 ;;;;;;;;;;;;https://x.example/3.jpg;\r\n")
	if len(errs) != 0 {
		t.Fatal(errs)
	}
	if p.Handle != "rose-soap-2" || p.Title["ko"] != "장미 비누" || p.Title["en"] != "Rose" ||
		!slices.Equal(*p.Tags, []string{"rose", "soap"}) || *p.Status != catalog.Draft {
		t.Errorf("product %+v", p)
	}
	if len(p.Variants) != 2 || !slices.Equal(p.Options[0].Values, []string{"S", "L large"}) {
		t.Fatalf("variants %+v of %+v", p.Variants, p.Options)
	}
	small, large := p.Variants[0], p.Variants[1]
	if *small.Quantity != 0 || *small.Grams != 81 || !*small.Backorder || *small.Prices["USD"].CompareAt != 0 {
		t.Errorf("the first variant %+v, price %+v", small, small.Prices["USD"])
	}
	if large.Prices["USD"].Amount != 1_500 || *large.Prices["USD"].CompareAt != 2_000 {
		t.Errorf("a reduced price %+v", large.Prices["USD"])
	}
	var pictures []string
	for _, im := range *p.Images {
		pictures = append(pictures, im.URL[len(im.URL)-5:])
	}
	if !slices.Equal(pictures, []string{"1.jpg", "2.jpg", "3.jpg"}) {
		t.Errorf("pictures %q", pictures)
	}
}

// The price column without a currency is the base's; one with the base's currency fills in where that is empty.
func TestPricesOfTheBaseCurrencyInTwoColumns(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]int64{"12000,": 12_000, "12000,9000": 9_000, ",9000": 9_000} {
		p, errs := read(t, "Handle,Title,Variant Price,Price / KRW\nsoap,비누,"+row+"\n")
		if price := p.Variants[0].Prices["KRW"]; len(errs) != 0 || price == nil || price.Amount != want {
			t.Errorf("%q: %+v, %v", row, price, errs)
		}
	}
}

func TestColumnsThatMeanNothingAreNamed(t *testing.T) {
	t.Parallel()
	in, err := shopify.NewReader(strings.NewReader("Handle,Title,Price / XYZ,Color,,Title (en),Vendor,Vendor,"+
		"Care (product.metafields.custom.care)\n"), 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := in.Ignored(); !slices.Equal(got, []string{"Price / XYZ", "Color"}) {
		t.Errorf("%q", got)
	}
	if len(in.Columns()) != 9 {
		t.Errorf("columns %q", in.Columns())
	}
	p, errs := read(t, "Handle,Title,Vendor,Vendor,Care (product.metafields.custom.care)\nsoap,비누,first,second,손세탁\n")
	if len(errs) != 0 || *p.Vendor != "first" || p.Metafields["custom.care"] != "손세탁" {
		t.Errorf("%+v, %v", p, errs)
	}
}

// text is something that people write into a cell: quotes, commas, line breaks, other scripts, formulas.
func text(t *rapid.T, name string) string {
	pieces := []string{"비누", "Rosé", "a,b", "\"so\"", "=1+1", "<b>", "🧼", "x\u00a0y", ";", "-", "100 %", "각"}
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 4).Draw(t, name), " ")
}

// somebody's product, with as many variants and pictures as the dice say.
func product(t *rapid.T) (*catalog.Product, map[string]int) {
	p := &catalog.Product{
		Handle: "soap", Title: catalog.Text{"ko": text(t, "title"), "en": text(t, "title in English")},
		Description: catalog.Text{"ko": text(t, "first line") + "\n\n" + text(t, "second line"), "en": ""},
		Vendor:      text(t, "vendor"), Type: text(t, "type"), Tags: []string{"a", "b c"}, Categories: []string{"bath"},
		Status:     rapid.SampledFrom([]catalog.Status{catalog.Active, catalog.Draft, catalog.Archived}).Draw(t, "status"),
		Metafields: map[string]string{"custom.care": text(t, "metafield"), "custom.empty": ""},
	}
	for n := range rapid.IntRange(0, shopify.MaxOptions).Draw(t, "options") {
		p.Options = append(p.Options, catalog.Option{Name: fmt.Sprint("Option ", n)})
	}
	available := map[string]int{}
	count := 1
	if len(p.Options) > 0 {
		count = rapid.IntRange(1, 5).Draw(t, "variants")
	}
	for n := range count {
		v := catalog.Variant{
			ID: fmt.Sprint("var_", n), SKU: fmt.Sprint("SKU-", n), Barcode: text(t, "barcode"),
			Grams: rapid.IntRange(0, 5_000).Draw(t, "grams"), Taxable: rapid.Bool().Draw(t, "taxable"),
			RequiresShipping: rapid.Bool().Draw(t, "shipping"), Backorder: rapid.Bool().Draw(t, "backorder"),
			Prices: map[string]catalog.Price{"KRW": {Amount: rapid.Int64Range(0, 10_000_000).Draw(t, "won")}},
		}
		if rapid.Bool().Draw(t, "abroad") {
			amount := rapid.Int64Range(0, 100_000).Draw(t, "cents")
			v.Prices["USD"] = catalog.Price{Amount: amount, CompareAt: amount + 1}
		}
		for m := range p.Options {
			v.Options = append(v.Options, fmt.Sprint(m, "/", n))
		}
		p.Variants = append(p.Variants, v)
		available[v.ID] = rapid.IntRange(0, 1_000).Draw(t, "available")
	}
	for n := range rapid.IntRange(0, 6).Draw(t, "pictures") {
		p.Images = append(p.Images, catalog.Image{URL: fmt.Sprintf("https://x.example/%d.jpg", n), Alt: text(t, "alt")})
	}
	return p, available
}

func TestAnExportedProductReadsBackAsTheSameProduct(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, available := product(t)
		var file bytes.Buffer
		w, err := shopify.NewWriter(&file, korean, []string{"ko", "en"}, []string{"KRW", "USD"}, true)
		if err == nil {
			err = w.Write(p, available)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, errs := read(t, file.String())
		if len(errs) > 0 {
			t.Fatalf("%v in\n%s", errs, file.String())
		}
		if fmt.Sprint(got.Title, got.Description, *got.Vendor, *got.Type, *got.Tags, *got.Categories, *got.Status,
			got.AllMetafields) !=
			fmt.Sprint(p.Title, p.Description, p.Vendor, p.Type, p.Tags, p.Categories, p.Status, p.Metafields) {
			t.Fatalf("read back %+v, written %+v", got, p)
		}
		if !slices.Equal(*got.Images, p.Images) || len(got.Variants) != len(p.Variants) ||
			len(got.Options) != len(p.Options) {
			t.Fatalf("read back %+v, written %+v", got, p)
		}
		for n, v := range p.Variants {
			g := got.Variants[n]
			if *g.SKU != v.SKU || *g.Barcode != v.Barcode || *g.Grams != v.Grams || *g.Taxable != v.Taxable ||
				*g.RequiresShipping != v.RequiresShipping || *g.Backorder != v.Backorder || !slices.Equal(g.Options, v.Options) {
				t.Fatalf("variant %d: read back %+v, written %+v", n, g, v)
			}
			if v.HasOwnStock() != *g.Tracked || v.HasOwnStock() && *g.Quantity != available[v.ID] {
				t.Fatalf("variant %d: stock %v, written %d", n, g.Quantity, available[v.ID])
			}
			for currency, price := range g.Prices {
				want, ok := v.Prices[currency]
				if ok != (price != nil) || ok && (price.Amount != want.Amount || *price.CompareAt != want.CompareAt) {
					t.Fatalf("variant %d: %+v %s, written %+v", n, price, currency, v.Prices)
				}
			}
		}
	})
}
