package products

import (
	"maps"
	"slices"
	"testing"
)

func TestSearchTextsAndMetafieldsAreKept(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const head = "Handle,Title,Variant Price,SEO Title,SEO Description," +
		"Fabric (product.metafields.custom.material),Care (product.metafields.custom.care),Google Shopping / Gender"
	r := s.importCSV("", lines(head, "shirt,Shirt,100,A linen shirt,Made to last,linen,,men"))
	if r.counts() != [4]int{1, 0, 0, 0} || len(r.Ignored) != 1 || r.Ignored[0] != "Google Shopping / Gender" {
		t.Fatalf("%+v, ignored %q", r, r.Ignored)
	}
	want := map[string]string{"custom.material": "linen"}
	d := s.edit(s.page("shirt").ID)
	if d.SEOTitle["ko"] != "A linen shirt" || d.SEOText["ko"] != "Made to last" || !maps.Equal(d.Metafields, want) {
		t.Fatalf("%+v", d)
	}
	if p := s.page("shirt"); p.SEOTitle != "A linen shirt" || !maps.Equal(p.Metafields, want) {
		t.Errorf("the page has %+v", p)
	}
	s.importCSV("", lines("Handle,Title,Variant Price", "shirt,Shirt,200"))
	if d := s.edit(s.page("shirt").ID); d.SEOTitle["ko"] == "" || !maps.Equal(d.Metafields, want) {
		t.Errorf("a file without the columns took them away: %+v", d)
	}
	file := s.merchant.Do("GET", "/products/export", nil).Want(200).Body
	s.importCSV("", file) // has the column of quantities, which the first file had not
	if r := s.importCSV("", file); r.counts() != [4]int{0, 0, 1, 0} {
		t.Errorf("an export read back: %+v\n%s", r, file)
	}
	s.importCSV("", lines("Handle,Title,Variant Price,M (product.metafields.custom.material)", "shirt,Shirt,200,"))
	if d := s.edit(s.page("shirt").ID); len(d.Metafields) != 0 {
		t.Errorf("an empty cell left %v", d.Metafields)
	}
	bad := s.importCSV("", lines("Handle,Title,Variant Price,Metafields", `shirt,Shirt,200,"{""custom"":""x""}"`,
		`cap,Cap,200,"[1]"`))
	const wrong = "wrong_format Metafields"
	if codes := codesOf(bad); !slices.Equal(codes, []string{wrong, wrong}) {
		t.Errorf("%q", codes)
	}
}
