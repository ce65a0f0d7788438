// The page behind the report link of a gift's mail: #<token of the gift>. Whoever has the mail says that they want no more gifts from that
// sender. It takes a press of the button, because programs open the links of mails on their own.
const words = {
  ko: {
    title: "선물 신고", language: "English", ask: "신고하면 이 보낸 분은 이 주소로 선물 메일을 더 보낼 수 없으며, 쇼핑몰에서 내용을 확인합니다. 선물을 받지 않아도 비용은 들지 않습니다.",
    report: "신고하기", done: "신고되었습니다. 이 보낸 분의 선물 메일은 더 오지 않습니다.", missing: "이 링크로는 선물을 찾을 수 없습니다. 더 나중에 온 메일의 링크를 사용해 주세요.",
    failed: "지금은 처리할 수 없습니다. 잠시 뒤에 다시 시도해 주세요.",
  },
  en: {
    title: "Report a gift", language: "한국어", ask: "Once you report it, this sender can cause no more gift mails to this address, and the shop looks at what was written. A gift that you do not accept costs you nothing.",
    report: "Report", done: "Reported. No more gift mails come from this sender.", missing: "This link opens no gift. Use the link of a later mail.",
    failed: "That did not work right now. Please try again in a moment.",
  },
};

const at = (id) => document.getElementById(id);
let language = navigator.language.startsWith("ko") ? "ko" : "en";
let state = "ask";

function draw() {
  const say = words[language];
  document.documentElement.lang = language;
  at("title").textContent = document.title = say.title;
  at("language").textContent = say.language;
  at("status").textContent = say[state];
  at("main").textContent = say.report;
  at("main").hidden = state === "done" || state === "missing";
}

at("main").onclick = async () => {
  at("main").disabled = true;
  try {
    const answer = await fetch("/gifts/report", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: decodeURIComponent(location.hash.slice(1)) }),
    });
    state = answer.ok ? "done" : [404, 422].includes(answer.status) ? "missing" : "failed";
  } catch {
    state = "failed";
  }
  at("main").disabled = false;
  draw();
};
at("language").onclick = () => { language = language === "ko" ? "en" : "ko"; draw(); };
draw();
