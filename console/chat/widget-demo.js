// The buttons of the demo page: the language, and a customer's token from the development issuer.
const chat = document.querySelector("dangol-chat");
const wanted = location.hash.slice(1); // widget.html#en
if (wanted) chat.setAttribute("language", wanted);
for (const language of ["ko", "en"]) {
  document.getElementById(language).onclick = () => {
    document.documentElement.lang = language;
    chat.setAttribute("language", language);
  };
}
document.getElementById("login").onclick = async () => {
  const answer = await fetch("/dev/token", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ sub: "demo-customer" }) });
  const token = await answer.json();
  chat.setAttribute("access-token", token.access_token || token.accessToken || token.token);
};
