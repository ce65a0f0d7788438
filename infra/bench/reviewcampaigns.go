package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"dangol/shared/review/fraud"
	"dangol/shared/review/similarity"
)

// planted is a review of the made-up shop, and the campaign it belongs to; "" for an honest one.
type planted struct {
	id, product, author, address, device, text string
	at                                         time.Time
	campaign                                   string
}

// Sizes of the made-up shop: honest reviews over half a year, and campaigns of copies, of sentences in another order,
// and of short praise from one address.
const (
	honestReviews = 6_000
	campaigns     = 12
	campaignSize  = 30
)

// The parts that sentences are made of: what it is about, what is said of it, and when, where or for whom.
var (
	aspects = strings.Split("거품이|향이|질감이|포장이|크기가|색이|뚜껑이|펌프가|발림이|흡수가|마무리감이|보습력이|세정력이|가격이|용량이|성분이|지속력이|촉감이|디자인이|첫인상이", "|")
	views   = strings.Split("풍성하고 부드러웠어요|기대보다 약했습니다|딱 알맞았어요|조금 아쉬웠어요|생각보다 훌륭합니다|은은해서 편안했어요|"+
		"금방 사라지더라고요|예전만 못하네요|"+
		"무난한 편이에요|제 취향이었어요|가족들이 더 좋아했어요|살짝 끈적였어요|산뜻하게 끝나요|거칠지 않았어요|손이 자주 가요|아이도 편하게 씁니다|불편하지 않았어요|"+
		"만족스럽진 않아요|꽤 오래갑니다|깔끔했어요", "|")
	settings = strings.Split("아침 세안할 때 써 보니|자기 전에 바르면|여행 가서 써 봤는데|여름철에 특히|건조한 사무실에서|운동하고 나서|선물로 받았는데|한 달쯤 지나니|처음 며칠은|"+
		"두 번째 구매인데|"+
		"민감한 피부라 걱정했지만|아이와 같이 쓰는데|남편이 먼저 써 보고|겨울 내내 써 보니|예전 제품과 견주면|화장하기 전에|샤워하고 바로|친구가 권해서|세일할 때 사 두었는데|다른 가게 것보다", "|")
)

// sentence is one of 8,000.
func sentence(dice *rand.Rand) string {
	pick := func(of []string) string { return of[dice.IntN(len(of))] }
	return pick(settings) + " " + pick(aspects) + " " + pick(views)
}

// shortPraise is what people write who were paid to write anything.
var shortPraise = []string{"좋아요 추천해요", "최고예요 또 살게요", "만족합니다 굿", "예뻐요 좋아요"}

// honest makes the reviews of people who bought: sentences of their own choice, an address of their own but for one in
// thirty.
func honest(dice *rand.Rand) (all []planted) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range honestReviews {
		var said []string
		for range 1 + dice.IntN(4) {
			said = append(said, sentence(dice))
		}
		// One in thirty shares a household, and so an address, with
		// another honest customer: this must not look like a campaign.
		address := fmt.Sprint("home-", n)
		if dice.IntN(30) == 0 {
			address = fmt.Sprint("home-", max(0, n-1))
		}
		all = append(all, planted{
			id: fmt.Sprint("honest-", n), product: fmt.Sprint("p", dice.IntN(40)), author: fmt.Sprint("a", n), address: address,
			device: address,
			text:   strings.Join(said, ". "), at: start.Add(time.Duration(dice.Int64N(int64(180 * 24 * time.Hour)))),
		})
	}
	return all
}

// plant adds campaigns: each on one product within a day, by accounts that are made for it.
func plant(dice *rand.Rand, all []planted) []planted {
	kinds := []string{"near copies", "own words, few addresses", "short praise in a burst"}
	for c := range campaigns {
		kind := kinds[c%len(kinds)]
		base := make([]string, 5)
		for i := range base {
			base[i] = sentence(dice)
		}
		begins := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(dice.Int64N(int64(120 * 24 * time.Hour))))
		for n := range campaignSize {
			r := planted{
				id: fmt.Sprintf("c%d-%d", c, n), product: fmt.Sprint("p", c), author: fmt.Sprintf("fake-%d-%d", c, n),
				campaign: kind,
				address:  fmt.Sprintf("fake-%d-%d", c, n), device: fmt.Sprintf("fake-%d-%d", c, n),
				at: begins.Add(time.Duration(dice.Int64N(int64(20 * time.Hour)))),
			}
			said := slices.Clone(base)
			switch kind {
			case "near copies": // one sentence replaced, another number
				said[dice.IntN(len(said))] = sentence(dice)
				r.text = strings.Join(said, "! ") + fmt.Sprint(" ", n)
			case "own words, few addresses":
				dice.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
				r.text = strings.Join(said[:3], ", ") + ". " + sentence(dice)
				r.address, r.device = fmt.Sprintf("farm-%d-%d", c, n%3), fmt.Sprintf("farm-%d-%d", c, n%3)
			default:
				r.text = shortPraise[dice.IntN(len(shortPraise))]
				r.address, r.device = fmt.Sprintf("office-%d", c), fmt.Sprintf("office-%d-%d", c, n%4)
			}
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b planted) int { return a.at.Compare(b.at) })
	return all
}

// screened is what the signals make of all reviews in the order of their time, kept in this process's memory: which are
// held.
func screened(all []planted) map[string]bool {
	held := map[string]bool{}
	buckets, homes, devices := map[string][]int{}, map[string]map[string]bool{}, map[string]map[string]bool{}
	signatures := make([]similarity.Signature, len(all))
	recent := map[string][]time.Time{}
	// others counts the other authors that were seen under a key.
	others := func(of map[string]map[string]bool, key, author string) int {
		if of[key] == nil {
			of[key] = map[string]bool{}
		}
		n := len(of[key])
		if of[key][author] {
			n--
		}
		of[key][author] = true
		return n
	}
	for i, r := range all {
		signatures[i] = similarity.Of(r.text)
		var copies []fraud.Copy
		var near []int
		for _, b := range signatures[i].Buckets() {
			for _, j := range buckets[b] {
				if !slices.Contains(near, j) && signatures[i].Similarity(signatures[j]) >= similarity.Near {
					near = append(near, j)
					copies = append(copies, fraud.Copy{ReviewID: all[j].id, Similarity: signatures[i].Similarity(signatures[j])})
				}
			}
			buckets[b] = append(buckets[b], i)
		}
		past := recent[r.product]
		// Assess wants the newest first; the list is kept in order of time.
		slices.Reverse(past)
		a := fraud.Assess(fraud.Facts{
			Text: r.text, Copies: copies, Written: r.at, Recent: past[:min(60, len(past))],
			SharedBy: fraud.Shared{Address: others(homes, r.address, r.author), Device: others(devices, r.device, r.author)},
		})
		slices.Reverse(past)
		recent[r.product] = append(past, r.at)
		if a.Hold() {
			held[r.id] = true
			// A cluster that has become large enough is held as
			// a whole, also those that were let through before.
			for _, j := range near {
				held[all[j].id] = held[all[j].id] || len(copies) >= fraud.ClusterSize
			}
		}
	}
	return held
}

// reviewCampaigns prints how many of the planted reviews are held, and how many honest ones with them.
func reviewCampaigns() {
	// A fixed seed: the figures must be the same each time.
	dice := rand.New(rand.NewPCG(14, 1))
	all := plant(dice, honest(dice))
	held := screened(all)
	caught, planted, wrong := map[string]int{}, map[string]int{}, 0
	for _, r := range all {
		switch {
		case r.campaign == "" && held[r.id]:
			wrong++
		case r.campaign != "":
			planted[r.campaign]++
			if held[r.id] {
				caught[r.campaign]++
			}
		}
	}
	fmt.Printf("\nsignals of fake reviews: %d honest reviews and %d campaigns of %d, planted\n", honestReviews, campaigns,
		campaignSize)
	fmt.Printf("%-36s %10s %10s %10s\n", "campaign", "planted", "held", "recall")
	sum, hit := 0, 0
	for _, kind := range []string{"near copies", "own words, few addresses", "short praise in a burst"} {
		fmt.Printf("%-36s %10d %10d %10.3f\n", kind, planted[kind], caught[kind],
			float64(caught[kind])/float64(planted[kind]))
		sum, hit = sum+planted[kind], hit+caught[kind]
	}
	fmt.Printf("%-36s %10d %10d %10.3f\n", "all", sum, hit, float64(hit)/float64(sum))
	fmt.Printf("precision %.3f: %d honest reviews are held with them, %.2f %% of all honest ones\n",
		float64(hit)/float64(hit+wrong), wrong, 100*float64(wrong)/honestReviews)
}
