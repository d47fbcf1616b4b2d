// Asks for news and puts them in place. The server answers as soon as there are any.
const list = document.getElementById("messages");

async function follow() {
  for (;;) {
    try {
      const answer = await fetch(`/messages?after=${list.dataset.count}`);
      const news = await answer.json();
      if (String(news.count) !== list.dataset.count) {
        const open = new Set([...list.querySelectorAll("details[open]")].map((each) => each.parentElement.id));
        list.innerHTML = news.html;
        for (const id of open) document.getElementById(id)?.firstElementChild.setAttribute("open", "");
        list.dataset.count = news.count;
      }
    } catch {
      await new Promise((resume) => setTimeout(resume, 2000));
    }
  }
}

follow();
