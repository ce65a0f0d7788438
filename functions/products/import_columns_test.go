package products

import "testing"

func TestAFileWithoutComparePricesLeavesThem(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("soap").variant("prices", won(9000, 12000)))
	for _, c := range []struct {
		columns, cells string
		want           PriceDocument
	}{
		{"Variant Price", "8000", PriceDocument{Amount: 8000, CompareAt: 12000}},
		{"Price / KRW", "7000", PriceDocument{Amount: 7000, CompareAt: 12000}},
		{"Variant Price,Variant Compare At Price", "7000,10000", PriceDocument{Amount: 7000, CompareAt: 10000}},
		{"Variant Price", "10000", PriceDocument{Amount: 10000}}, // no reduction any more
		{"Variant Price,Variant Compare At Price", "8000,10000", PriceDocument{Amount: 8000, CompareAt: 10000}},
		{"Variant Price,Variant Compare At Price", "8000,", PriceDocument{Amount: 8000}},
	} {
		r := s.importCSV("", "Handle,Title,"+c.columns+"\nsoap,비누,"+c.cells+"\n")
		got := s.edit(d.ID).Variants[0].Prices["KRW"]
		if got.Since = nil; r.Updated != 1 || got != c.want {
			t.Errorf("%s of %s: %+v, want %+v; %+v", c.columns, c.cells, got, c.want, r)
		}
	}
}

func TestAFileWithoutOptionsReplacesNoVariants(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.importCSV("", tee)
	d := s.edit(s.page("tee").ID)
	// About the product as a whole: nothing is said of its variants.
	if r := s.importCSV("", "Handle,Title,Vendor\ntee,티셔츠,단골\n"); r.Updated != 1 {
		t.Fatalf("%+v %v", r, r.Errors)
	}
	for file, column := range map[string]string{
		"Handle,Title,Variant Price\ntee,Tee,9000\n":                              "Option1 Value",
		"Handle,Title,Variant SKU\ntee,Tee,T-1\n":                                 "Option1 Value",
		"Handle,Title,Variant Price\ntee,Tee,9000\ntee,,8000\n":                   "Option1 Value",
		"Handle,Title,Option1 Value,Variant Price\ntee,Tee,S,9000\ntee,,M,8000\n": "Option1 Value",
	} {
		r := s.importCSV("", file)
		if r.Failed != 1 || len(r.Errors) != 1 || r.Errors[0].Code != "missing_column" || r.Errors[0].Column != column {
			t.Errorf("%q: %+v %v", file, r, r.Errors)
		}
	}
	after := s.edit(d.ID)
	if after.Vendor != "단골" || len(after.Variants) != 2 || after.Variants[0].ID != d.Variants[0].ID ||
		after.Variants[1].ID != d.Variants[1].ID || after.Variants[0].Prices["KRW"].Amount != 10000 {
		t.Errorf("%+v", after)
	}
}

func TestAFileWithOneOptionOfTwoReplacesNoVariants(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const header = "Handle,Title,Option1 Name,Option1 Value,"
	s.importCSV("", header+"Option2 Name,Option2 Value,Variant Price\ntee,Tee,Size,S,Color,Red,9000\n")
	r := s.importCSV("", header+"Variant Price\ntee,Tee,Size,S,8000\n")
	if r.Failed != 1 || r.Errors[0].Column != "Option2 Value" {
		t.Fatalf("%+v %v", r, r.Errors)
	}
	// Empty columns say that the option is to go.
	r = s.importCSV("", header+"Option2 Name,Option2 Value,Variant Price\ntee,Tee,Size,S,,,8000\n")
	if d := s.edit(s.page("tee").ID); r.Updated != 1 || len(d.Options) != 1 {
		t.Fatalf("%+v %v, options %+v", r, r.Errors, d.Options)
	}
}

// Shopify's own API gives a product without options this pair, and a file leaves it out.
func TestAFileFindsTheVariantWithShopifysDefaultOption(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	made := s.create(cream("soap").with("options", []object{{"name": "Title", "values": []string{"Default Title"}}}).
		variant("options", []string{"Default Title"}))
	r := s.importCSV("", s.merchant.Do("GET", "/products/export", nil).Want(200).Body)
	after := s.edit(made.ID)
	if r.Failed > 0 || len(after.Variants) != 1 || after.Variants[0].ID != made.Variants[0].ID {
		t.Errorf("%+v, made as %+v; %v", after.Variants, made.Variants, r.Errors)
	}
}

// What stands around a text in a document would be gone in a file, and with it the product or the variant.
func TestAnExportFindsItsProductsAndVariantsAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	made := s.create(cream("-Soap- ").with("options", []object{{"name": " Size", "values": []string{"S ", "M"}}}).
		with("variants", []object{
			{"prices": won(9000, 0), "options": []string{"S "}, "sku": " S-1"},
			{"prices": won(9000, 0), "options": []string{"M"}},
		}).with("vendor", "단골 "))
	if r := s.importCSV("", s.merchant.Do("GET", "/products/export", nil).Want(200).Body); r.Created+r.Failed > 0 {
		t.Fatalf("%+v %v", r, r.Errors)
	}
	after := s.edit(made.ID)
	if after.Handle != "soap" || after.Version != made.Version || after.Variants[0].ID != made.Variants[0].ID {
		t.Errorf("%+v, made as %+v", after, made)
	}
}
