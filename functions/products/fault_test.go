package products

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
)

// importing is a merchant who imports a file over an older one and tries again, as the command does, until the API
// answers.
type importing struct {
	*shop
	file   string
	faulty *shop
	report ImportReport
}

// before and after: a price, a quantity, a variant, a product and a title change.
var (
	fileBefore = lines(
		"Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,Variant Price",
		"tee,Tee,Size,S,shopify,5,10000", "cap,Cap,Title,Default Title,shopify,3,8000",
	)
	fileAfter = lines(
		"Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,Variant Price",
		"tee,Tee,Size,S,shopify,9,9000", "tee,,,M,shopify,4,9000", "cap,Hat,Title,Default Title,shopify,3,8000",
		"bag,Bag,,,shopify,2,20000",
	)
)

// Run sends the file until there is an answer.
func (w *importing) Run(context.Context) {
	for range 5 {
		r := w.faulty.merchant.Do("POST", "/products/import", w.file)
		if r.Status == 200 {
			_ = json.Unmarshal([]byte(r.Body), &w.report)
			return
		}
	}
	w.Error("the API never answered")
}

// Rest has nothing to wait for.
func (w *importing) RunUntilIdle(context.Context) {}

// Check compares every product, its stock and its history with the file.
func (w *importing) Check(t testing.TB) {
	if w.report.Failed != 0 {
		t.Fatalf("%+v", w.report)
	}
	var got []string
	for _, handle := range []string{"tee", "cap", "bag"} {
		d := w.edit(w.page(handle).ID)
		for _, v := range d.Variants {
			got = append(got, strings.Join([]string{
				handle, d.Title["ko"], strings.Join(v.Options, "/"), itoa(int(v.Prices["KRW"].Amount)), itoa(w.stockOf(v.ID)),
				"v" + itoa(d.Version),
			}, " "))
		}
	}
	want := []string{"tee Tee S 9000 9 v2", "tee Tee M 9000 4 v2", "cap Hat  8000 3 v2", "bag Bag  20000 2 v1"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var history struct{ Changes []PriceChange }
	w.merchant.Do("GET", "/products/"+w.page("tee").ID+"/price-history", nil).Want(200).Into(&history)
	if len(history.Changes) != 1 {
		t.Errorf("%+v", history.Changes)
	}
}

func TestImportWhateverBreaks(t *testing.T) {
	t.Parallel()
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
		sound := newShop(t)
		sound.importCSV("", fileBefore)
		faulty := shopOn(t, table.New(in.DB(localtest.DB(t)), sound.table.Name(), nil))
		return &importing{shop: sound, faulty: faulty, file: fileAfter}
	})
}
