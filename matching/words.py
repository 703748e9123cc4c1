"""Words without meaning of their own in six languages, folded: left out of terms, used to tell languages."""


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP_WORDS: dict[str, frozenset[str]] = {
    "en": _listed(
        """
        a about above across after afterwards again against all almost alone along already also
        although always am among amongst amount an and another any anyhow anyone anything anyway
        anywhere are around as at back be became because become becomes becoming been before
        beforehand behind being below beside besides between beyond both bottom but by call can
        cannot cant co con could couldnt cry describe detail did do does doing done down due
        during each eg eight either eleven else elsewhere enough etc even ever every everyone
        everything everywhere except few fifteen fifty find first five for former formerly forty
        found four from full further get give go had has hasn hasnt have having he hence her
        here hereafter hereby herein hereupon hers herself him himself his how however hundred i
        ie if in inc indeed instead interest into is it its itself just keep last latter
        latterly least less ltd made many may me meanwhile might mine more moreover most mostly
        move much must my myself name namely neither never nevertheless next nine no nobody none
        noone nor not nothing now nowhere of off often on once one only onto or other others
        otherwise our ours ourselves out over own part per perhaps please put rather re s same
        see seem seemed seeming seems serious several she should show side since sincere six
        sixty so some somehow someone something sometime sometimes somewhere still such system t
        take ten than that the their theirs them themselves then thence there thereafter thereby
        therefore therein thereupon these they third this those though three through throughout
        thru thus to together too top toward towards twelve twenty two under until up upon us
        very via was we well were what whatever when whence whenever where whereafter whereas
        whereby wherein whereupon wherever whether which while whither who whoever whole whom
        whose why will with within without would yet you your yours yourself yourselves
        """
    ),
    "fr": _listed(
        """
        a afin ai ainsi alors apres au aucun aucune aupres aussi autre autres aux avant avec
        avoir car ce ceci cela celle celles celui cependant ces cet cette ceux chaque chez comme
        comment contre d dans de deja depuis des desormais dont du elle elles en encore entre
        est et etaient etait etant ete etre eu eux faire fait font hors il ils j jusqu jusque l
        la le les leur leurs lors lui m mais malgre me meme memes moins n ne ni non nos notre
        nous on ont ou par parce parfois pas peu peut peuvent plus plusieurs pour pourquoi
        presque puis qu quand que quel quelle quelles quelque quelques quels qui quoi s sa sans
        se selon sera seront ses seul seule si sien soit son sont sous souvent sur t ta tandis
        te tel telle telles tels tes tous tout toute toutefois toutes tres trop tu un une vers
        voici voire vos votre vous y
        """
    ),
    "es": _listed(
        """
        a ademas al algo algun alguna algunas alguno algunos ambos ante antes aquel aquella
        aquellas aquellos aqui asi aun aunque bajo bien cada casi como con contra cual cuales
        cualquier cuando de del desde despues donde dos durante e el ella ellas ellos en entre
        era eran es esa esas ese eso esos esta estaba estado estan estar estas este esto estos
        fue fueron ha haber habia han hasta hay la las le les lo los mas me mediante mi mientras
        misma mismas mismo mismos mucho muchos muy nada nadie ni ningun ninguna ninguno no nos
        nosotros o otra otras otro otros para pero poco pocos por porque pues que quien quienes
        se sea sean segun ser si sin sino sobre solo son su sus tal tambien tampoco tan tanto te
        tiene tienen toda todas todavia todo todos tras tu u un una unas uno unos usted y ya
        """
    ),
    "ru": _listed(
        """
        а без более больше будет будто бы был была были было быть в вам вас весь во вот все
        всего всех вы где да даже для до его ее ей ему если есть еще же за здесь и из или им их
        к как какая какой когда кто ли либо лишь между меня мне много может можно мы на над надо
        наш не него нее ней нельзя нет ни нибудь никогда ним них ничего но ну о об один одна
        однако он она они оно от очень по под после потом потому почти при про раз с сам свою
        своей своих своего себе себя сейчас со так также такие такой там тем то тогда того тоже
        только том тот три тут ты у уже хотя чего чем через что чтобы эта эти этого этой этом
        этот эту я которые который которая которых
        """
    ),
    "ar": _listed(
        """
        في من الي علي عن مع او و ان انه انها التي الذي الذين هذا هذه ذلك تلك هو هي هم كما كل بعض
        غير لا لم لن ما قد كان كانت يكون تكون بين بعد قبل عند منذ حتي اذا ثم اي ايضا لدي حيث دون
        خلال وفق حول ضد تحت فوق نحو الا اما ليس ليست فيها فيه منها منه لها له بها به لهم عليها
        عليه ولا وما ومن وفي وعلي والي ولم وقد
        """
    ),
    "zh": _listed(
        """
        的 了 和 是 在 与 及 或 等 为 以 对 于 由 其 之 也 并 而 且 但 无 未 不 有 将 可 此 该 各 个 中 上 下
        """
    ),
}
