package products

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// codesOf are the codes of a report's errors, with the columns they name.
func codesOf(r ImportReport) (codes []string) {
	for _, e := range r.Errors {
		codes = append(codes, strings.TrimSpace(e.Code+" "+e.Column))
	}
	return codes
}

func TestOneBadRowNeverStopsAnImport(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	huge := strings.Repeat("가", 19_000)
	for _, c := range []struct{ name, head, row, code string }{
		{"a handle of 2,048 bytes", "Handle,Title,Variant Price", strings.Repeat("x", 2048) + ",Long,100",
			"wrong_format Handle"},
		{"a handle of a route", "Handle,Title,Variant Price", "import,Import,100", "reserved Handle"},
		{"a product over 400 KB", "Handle,Title,Body (ko),Body (en),Body (ja),Body (zh),Body (fr),Body (de),Body " +
			"(es),Body (it),Variant Price",
			"huge,Huge" + strings.Repeat(","+huge, 8) + ",100", "too_large"},
		{"a comma outside quotes", "Handle,Title,Variant SKU,Variant Price", "lamp,Lamp, small,L-1,1,000", "wide_row"},
	} {
		good := fmt.Sprintf("good-%d", len(c.row))
		columns := strings.Count(c.head, ",") + 1
		row := good + ",Good" + strings.Repeat(",", columns-3) + ",100"
		r := s.importCSV("", lines(c.head, c.row, row))
		if r.counts() != [4]int{1, 0, 0, 1} || codesOf(r)[0] != c.code {
			t.Errorf("%s: %+v, %v", c.name, r.counts(), codesOf(r))
		}
		if p := s.page(good); p.Variants[0].Price.Amount != 100 {
			t.Errorf("%s: the product beside it is %+v", c.name, p)
		}
	}
}

func TestSignsAndLineBreaksAreNormalized(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := s.importCSV("", lines(
		"Handle,Title,Body (HTML),Vendor,Option1 Name,Option1 Value,Variant Price",
		"Glow™ Serum®,\"Glow\r\nSerum\",\"<p>one\ntwo</p>\",\"Dan\ngol\",Size,\"50\nml\",100",
	))
	if r.counts() != [4]int{1, 0, 0, 0} {
		t.Fatalf("%+v", r)
	}
	d := s.edit(s.page("glow-serum").ID)
	if d.Title["ko"] != "Glow Serum" || d.Vendor != "Dan gol" || d.Variants[0].Options[0] != "50 ml" ||
		d.Description["ko"] != "<p>one\ntwo</p>" {
		t.Errorf("%+v", d)
	}
}

func TestTextsOf255CharactersAreTaken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	long, longer := strings.Repeat("가", 255), strings.Repeat("가", 256)
	head := "Handle,Title,Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Price"
	if r := s.importCSV("", lines(head, strings.Repeat(long+",", 8)+"100")); r.counts() != [4]int{1, 0, 0, 0} {
		t.Errorf("255 characters each: %v", codesOf(r))
	}
	for i, column := range []string{"Handle", "Title", "Vendor", "Type", "Tags", "Option1 Name", "Option1 Value",
		"Variant SKU"} {
		cells := []string{"h" + fmt.Sprint(i), "T", "v", "t", "g", "o", "x", "s", "100"}
		cells[i] = longer
		if r := s.importCSV("", lines(head, strings.Join(cells, ","))); r.Failed != 1 || len(r.Errors) == 0 {
			t.Errorf("256 characters of %s: %v", column, codesOf(r))
		}
	}
}

func TestAFileThatYieldsNothingIsAnError(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	csv := s.merchant.With("Content-Type", "text/csv")
	for _, file := range []string{"Handle,Title\n", "Handle,Title\n,\n\n  ,  \n"} {
		csv.Do("POST", "/products/import", file).WantProblem(422, "no_products")
	}
}

func TestSemicolonsAndTabsSeparateToo(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, sep := range []string{";", "\t"} {
		file := strings.NewReplacer("|",
			sep).Replace(lines("Handle|Title|Variant Price", "h-"+fmt.Sprint(sep[0])+"|Tea, green|100"))
		if r := s.importCSV("", file); r.counts() != [4]int{1, 0, 0, 0} {
			t.Errorf("%q: %+v", sep, r)
		}
	}
}

func TestADryRunReportsAndWritesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if r := s.importCSV("?dryRun=true", tee); !r.DryRun || r.counts() != [4]int{2, 0, 0, 0} {
		t.Fatalf("%+v", r)
	}
	s.api.Do("GET", "/products/tee", nil).Want(404)
	s.importCSV("", tee)
	small := s.edit(s.page("tee").ID).Variants[0].ID
	changed := strings.Replace(tee, "shopify,5", "shopify,50", 1) + "new,New,,,,,,100,,\n"
	if r := s.importCSV("?dryRun=true", changed); r.counts() != [4]int{1, 1, 1, 0} {
		t.Errorf("%+v", r)
	}
	if got := s.stockOf(small); got != 5 {
		t.Errorf("a dry run set the stock to %d", got)
	}
	if r := s.importCSV("", changed); r.counts() != [4]int{1, 1, 1, 0} {
		t.Errorf("the import itself: %+v", r)
	}
}

func TestColumnsThatMeanNothingAreNamed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := s.importCSV("", lines("Handle,Title,Cost per item,Variant Price,Google Shopping / MPN,Price / XXQ",
		"a,A,x,100,y,1"))
	if !slices.Equal(r.Ignored, []string{"Cost per item", "Google Shopping / MPN", "Price / XXQ"}) {
		t.Errorf("ignored %v", r.Ignored)
	}
}

func TestAnExportIsCutByBytes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	text := strings.Repeat("가", 19_000)
	head := "Handle,Title,Body (ko),Body (en),Body (ja),Body (fr),Variant Price"
	const products = 24 // of 228 KB
	for i := range products {
		if r := s.importCSV("", lines(head, fmt.Sprintf("p-%02d,P", i)+strings.Repeat(","+text, 4)+",100")); r.Created != 1 {
			t.Fatalf("%+v", r)
		}
	}
	handles, cursor := 0, ""
	for {
		r := s.merchant.Do("GET", "/products/export?limit=100"+cursor, nil).Want(200)
		if len(r.Body) > maxPage {
			t.Fatalf("a page of %d bytes", len(r.Body))
		}
		handles += strings.Count(r.Body, "p-")
		next := r.Headers.Get("Next-Cursor")
		if next == "" {
			break
		}
		cursor = "&cursor=" + next
	}
	if handles != products {
		t.Errorf("%d of %d products were exported", handles, products)
	}
}
