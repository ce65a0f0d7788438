package products

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/catalog/shopify"
)

func (s *shop) importCSV(query, file string) ImportReport {
	s.Helper()
	var r ImportReport
	s.merchant.With("Content-Type", "text/csv").Do("POST", "/products/import"+query, file).Want(200).Into(&r)
	return r
}

// counts are created, updated, unchanged and failed products.
func (r ImportReport) counts() [4]int { return [4]int{r.Created, r.Updated, r.Unchanged, r.Failed} }

func (s *shop) stockOf(variantID string) int {
	s.Helper()
	var got StockLevel
	s.merchant.Do("GET", "/stock/"+variantID, nil).Want(200).Into(&got)
	return got.Available
}

func lines(rows ...string) string { return strings.Join(rows, "\n") + "\n" }

var tee = lines(
	"Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant "+
		"Price,Image Src,Tags",
	`tee,"Tee, 티셔츠",Size,S,T-S,shopify,5,10000,https://cdn.example/1.jpg,"면, basic"`,
	`tee,,,M,T-M,shopify,7,11000,https://cdn.example/2.jpg,`,
	`tee,,,,,,,,https://cdn.example/3.jpg,`,
	`cap,Cap,Title,Default Title,C-1,,,8000,,`,
)

func TestImport(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if r := s.importCSV("", tee); r.counts() != [4]int{2, 0, 0, 0} || r.Rows != 4 {
		t.Fatalf("%+v", r)
	}
	d := s.edit(s.page("tee").ID)
	if len(d.Variants) != 2 || len(d.Images) != 3 || d.Variants[1].Prices["KRW"].Amount != 11000 ||
		d.Title["ko"] != "Tee, 티셔츠" ||
		!slices.Equal(d.Tags, []string{"면", "basic"}) || !slices.Equal(d.Options[0].Values, []string{"S", "M"}) {
		t.Fatalf("%+v", d)
	}
	if s.stockOf(d.Variants[0].ID) != 5 || s.stockOf(d.Variants[1].ID) != 7 {
		t.Fatal("the stock is not the file's")
	}
	if p := s.page("cap"); p.Variants[0].Availability != "in_stock" || len(p.Options) != 0 {
		t.Fatalf("an empty tracker is untracked: %+v", p)
	}
}

func TestImportAgainWritesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.importCSV("", tee)
	before := s.edit(s.page("tee").ID)
	s.clock.Advance(time.Hour)
	if r := s.importCSV("", tee); r.counts() != [4]int{0, 0, 2, 0} {
		t.Fatalf("%+v", r)
	}
	if after := s.edit(before.ID); after.Version != before.Version {
		t.Fatalf("version %d became %d", before.Version, after.Version)
	}
}

func TestImportSetsStockOnlyWhenTheFileChanged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.importCSV("", tee)
	d := s.edit(s.page("tee").ID)
	small, medium := d.Variants[0].ID, d.Variants[1].ID
	s.merchant.Do("POST", "/stock/"+small+"/adjustments", object{"delta": -4, "reason": "sold"}).Want(200)
	s.importCSV("", tee)
	if got := s.stockOf(small); got != 1 {
		t.Fatalf("the same file gave back what was sold: %d", got)
	}
	if r := s.importCSV("", strings.Replace(tee, "shopify,5", "shopify,50", 1)); r.counts() != [4]int{0, 1, 1, 0} {
		t.Fatalf("%+v", r)
	}
	if s.stockOf(small) != 50 || s.stockOf(medium) != 7 {
		t.Fatal(s.stockOf(small), s.stockOf(medium))
	}
}

func TestImportChangesWhatTheFileHasColumnsFor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.importCSV("", tee)
	d := s.edit(s.page("tee").ID)
	d.Vendor, d.Title["en"] = "단골", "Tee"
	d.Variants[0].MaxPerOrder = 2
	d.Variants[0].Prices["KRW"] = PriceDocument{Amount: 10000, Floor: 7000}
	d.Variants[0].Prices["USD"] = PriceDocument{Amount: 900}
	d = s.put(d)
	if r := s.importCSV("", strings.Replace(tee, "10000", "9000", 1)); r.counts() != [4]int{0, 1, 1, 0} {
		t.Fatalf("%+v", r)
	}
	after := s.edit(d.ID)
	v := after.Variants[0]
	if v.ID != d.Variants[0].ID || v.Prices["KRW"].Amount != 9000 || v.Prices["KRW"].Floor != 7000 ||
		v.Prices["USD"].Amount != 900 || v.MaxPerOrder != 2 || after.Vendor != "단골" || after.Title["en"] != "Tee" {
		t.Fatalf("%+v", after)
	}
	var history struct{ Changes []PriceChange }
	s.merchant.Do("GET", "/products/"+d.ID+"/price-history", nil).Want(200).Into(&history)
	if len(history.Changes) != 2 || history.Changes[1].Price.Amount != 9000 {
		t.Fatalf("%+v", history)
	}
}

func TestImportLanguagesAndCurrencies(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := s.importCSV("?currency=USD&language=en", lines(
		"\ufeffHandle,Title,Title (ko),Body (HTML),Body (ko),Variant Price,Variant Compare At Price,Price / KRW,Compare "+
			"At Price / KRW,Price / International",
		"크림,Cream,크림,\"<p>Line\nbreak, and \"\"quotes\"\"</p>\",<p>본문</p>,9.50,9.50,12000,15000,7",
	))
	if r.counts() != [4]int{1, 0, 0, 0} {
		t.Fatalf("%+v", r)
	}
	d := s.edit(s.page("크림").ID)
	prices := d.Variants[0].Prices
	if d.Title["en"] != "Cream" || d.Title["ko"] != "크림" || d.Description["en"] != "<p>Line\nbreak, and \"quotes\"</p>" ||
		prices["USD"].Amount != 950 || prices["USD"].CompareAt != 0 || prices["KRW"].CompareAt != 15000 || len(prices) != 2 {
		t.Fatalf("%+v", d)
	}
}

func TestImportStatus(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.importCSV("", lines("Handle,Title,Published,Status,Variant Price", "a,A,true,draft,1", "b,B,false,,1", "c,C,TRUE,,1",
		"d,D,,archived,1"))
	var cards ProductList
	s.merchant.Do("GET", "/admin/products?sort=title", nil).Want(200).Into(&cards)
	var got []string
	for _, c := range cards.Products {
		got = append(got, c.Handle+" "+string(c.Status))
	}
	if want := []string{"a draft", "b draft", "c active", "d archived"}; !slices.Equal(got, want) {
		t.Fatal(got)
	}
}

func TestImportReportsRowAndColumn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const head = "Handle,Title,Option1 Name,Option1 Value,Variant Price,Variant Inventory Tracker,Variant Inventory " +
		"Qty,Image Src,Status,Variant Grams"
	for _, tt := range []struct {
		name, rows, want string
	}{
		{"price that is none", "a,A,,,cheap,,,,,", "2 Variant Price wrong_format"},
		{"price with separators", `a,A,,,"1,000",,,,,`, "2 Variant Price wrong_format"},
		{"fraction of a won", "a,A,,,9.50,,,,,", "2 Variant Price wrong_format"},
		{"negative price", "a,A,,,-1,,,,,", "2 Variant Price too_small"},
		{"no price", "a,A,,,,,,,,", "2 Variant Price required"},
		{"no title", "a,,,,1,,,,,", "2 Title required"},
		{"no handle", ",A,,,1,,,,,", "2 Handle required"},
		{"handle of a route", "export,A,,,1,,,,,", "2 Handle reserved"},
		{"quantity that is none", "a,A,,,1,shopify,many,,,", "2 Variant Inventory Qty wrong_type"},
		{"unknown status", "a,A,,,1,,,,sold,", "2 Status not_allowed"},
		{"image that is no address", "a,A,,,1,,,ftp://x/y,,", "2 Image Src wrong_format"},
		{"weight that is none", "a,A,,,1,,,,,heavy", "2 Variant Grams wrong_type"},
		{"gift set by file", "a,A,,,1,gift set,,,,", "2 Variant Inventory Tracker not_allowed"},
		{"error in the second variant", lines("a,A,Size,S,1,,,,,", "a,,,M,x,,,,,"), "3 Variant Price wrong_format"},
		{"variants with the same options", lines("a,A,Size,S,1,,,,,", "a,,,S,2,,,,,"), "3 Option1 Value duplicate"},
		{"variant without an option", lines("a,A,Size,S,1,,,,,", "a,,,,2,,,,,"), "3 Option1 Value required"},
		{"row cut short", lines("a,A,Size,S,1,,,,,", "a,"), "3  cut_row"},
		{"a product's rows apart", lines("a,A,,,1,,,,,", "b,B,,,1,,,,,", "a,A,,,1,,,,,"), "4 Handle repeated_handle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			r := s.importCSV("", lines(head, tt.rows))
			if len(r.Errors) != 1 || r.Failed != 1 {
				t.Fatalf("%+v", r)
			}
			if e := r.Errors[0]; fmt.Sprint(e.Row, " ", e.Column, " ", e.Code) != tt.want {
				t.Fatalf("%+v, want %s", e, tt.want)
			}
		})
	}
	for file, code := range map[string]string{
		"\n":                        "empty_file",
		"Title,Variant Price\nA,1":  "missing_column",
		"Handle,Variant Price\na,1": "missing_column",
		"\"Handle,Title\na,A":       "bad_quotes",
	} {
		s.merchant.Do("POST", "/products/import", file).WantProblem(422, code)
	}
	s.merchant.Do("POST", "/products/import?currency=WON", tee).WantField("query/currency")
	s.merchant.Do("POST", "/products/import", strings.Repeat("x", maxFile+1)).WantProblem(413, "body_too_large")
	s.merchant.Do("POST", "/products/import", "Handle,Title\na\x00,x").WantProblem(422, "invalid_input")
}

func TestABadQuoteLeavesOutItsProductAndAllBelow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := s.importCSV("?firstRow=100", lines(
		"Handle,Title,Option1 Name,Option1 Value,Variant Price", "a,A,,,1", "b,B,Size,S,1", `b,,,"M"x,2`, "c,C,,,3",
	))
	if r.counts() != [4]int{1, 0, 0, 1} || r.Errors[0].Row != 102 || r.Errors[0].Code != "bad_quotes" {
		t.Fatalf("%+v %+v", r, r.Errors)
	}
	if got := s.handles("/products"); !slices.Equal(got, []string{"a"}) {
		t.Fatal(got)
	}
}

func TestErrorsAreCapped(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	file := &strings.Builder{}
	file.WriteString("Handle,Title,Variant Price\n")
	for i := range 300 {
		fmt.Fprintf(file, "p%d,,1\n", i)
	}
	if r := s.importCSV("", file.String()); r.Failed != 300 || len(r.Errors) != maxErrors || r.Omitted != 100 ||
		r.Errors[0].Row != 2 {
		t.Fatalf("%d failed, %d errors, %d omitted", r.Failed, len(r.Errors), r.Omitted)
	}
}

func TestTheSamePieceTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var both sync.WaitGroup
	reports := make([]ImportReport, 4)
	for i := range reports {
		both.Go(func() { reports[i] = s.importCSV("", tee) })
	}
	both.Wait()
	created := 0
	for _, r := range reports {
		created += r.Created
		if r.Failed > 0 {
			t.Errorf("%+v", r)
		}
	}
	d := s.edit(s.page("tee").ID)
	if created != 2 || d.Version != 1 || s.stockOf(d.Variants[0].ID) != 5 {
		t.Fatalf("%d created, version %d, stock %d", created, d.Version, s.stockOf(d.Variants[0].ID))
	}
}

// The real file is not part of the repository; its shape is.
func TestShopifysOwnExample(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/shopify.csv")
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(t)
	if r := s.importCSV("?currency=USD&language=en", string(file)); r.Failed != 0 || len(r.Errors) != 0 || r.Created != 4 {
		t.Fatalf("%+v", r)
	}
	if p := s.page("varsity-top"); len(p.Variants) != 3 || p.Variants[0].Price.Display != "$60.00" || len(p.Images) != 1 {
		t.Fatalf("%+v", p)
	}
}

func TestExportReadsBackAsTheSame(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.importCSV("", tee)
	soap := s.create(cream("soap").variant("prices",
		object{"KRW": object{"amount": 5000, "compareAt": 6000}, "USD": object{"amount": 450}}))
	s.create(cream("set").with("variants", []object{{
		"prices": won(9000, 0), "components": []object{{"variantId": soap.Variants[0].ID, "quantity": 2}},
	}}))
	s.create(cream("english").with("title", object{"en": "English only"}).with("status", "archived"))
	var file strings.Builder
	cursor := ""
	for {
		page := s.merchant.Do("GET", "/products/export?limit=2&cursor="+cursor, nil).Want(200)
		file.WriteString(page.Body)
		if cursor = page.Headers.Get("Next-Cursor"); cursor == "" {
			break
		}
	}
	if strings.Count(file.String(), "Handle,") != 1 {
		t.Fatalf("one header:\n%s", file.String())
	}
	if r := s.importCSV("", file.String()); r.counts() != [4]int{0, 2, 3, 0} {
		t.Fatalf("%+v %v\n%s", r, r.Errors, file.String()) // the two made by hand take the file's stock as imported
	}
	if r := s.importCSV("", file.String()); r.counts() != [4]int{0, 0, 5, 0} {
		t.Fatalf("%+v", r)
	}
	other := newShop(t)
	r := other.importCSV("", file.String())
	if r.Created != 4 || r.Failed != 1 || r.Errors[0].Column != "Variant Inventory Tracker" {
		t.Fatalf("%+v", r) // a gift set needs the ids of its parts
	}
}

// Whatever is in the file, no product is half there: each is as the file says, or as it was.
func TestImportOfAnythingNeverPanicsNorHalfWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		cell := rapid.OneOf(
			rapid.SampledFrom([]string{"", "a", "1", "true", "Title", "Default Title", "shopify", "-1", "9.99", "크림", `"`, `""`,
				",", "💄", "\n"}),
			rapid.StringN(0, 6, 12),
		)
		columns := []string{"Handle", "Title", "Option1 Name", "Option1 Value", "Variant Price", "Variant Inventory Qty",
			"Image Src", "Status"}
		file := strings.Join(columns, ",") + "\n"
		for range rapid.IntRange(0, 6).Draw(r, "rows") {
			row := make([]string, len(columns))
			for i := range row {
				row[i] = cell.Draw(r, "cell")
			}
			file += strings.Join(row, ",") + "\n"
		}
		if strings.ContainsRune(file, 0) {
			return
		}
		in, err := shopify.NewReader(strings.NewReader(file), 2)
		if err != nil {
			return
		}
		for {
			g, err := in.Next()
			if err != nil {
				if _, ok := err.(*shopify.RowError); ok {
					continue
				}
				break
			}
			p, errs := g.Product(shopify.Base{Language: "ko", Currency: "KRW"})
			if len(errs) > 0 {
				continue
			}
			m := merge(p, nil, opening)
			if fields := check(m.product, nil, nil); len(fields) == 0 && len(m.errors) == 0 &&
				len(m.product.Variants) != len(p.Variants) {
				t.Fatalf("%d variants of %d", len(m.product.Variants), len(p.Variants))
			}
			if again := merge(p, m.product, opening.Add(time.Hour)); again.differs {
				t.Fatalf("the same rows again differ: %+v\n%+v", m.product, again.product)
			}
		}
	})
}
