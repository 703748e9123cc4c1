"""Needs well and badly written, six of each in each language: all invented for the tests."""

GOOD = {
    "en": [
        "Customs already has 12 scanners under the Customs Act of 2019; forty officers should be able to read images.",
        "The Logistics Directorate keeps 14,000 rifles in nine depots. A standing order asks for a monthly count. "
        "Storekeepers should be able to count by serial number and report losses within a day.",
        "The Prosecutor General's Office sent 64 requests abroad last year. Article 12 of the code of criminal "
        "procedure is silent on data. Nine prosecutors should know how to ask for preservation.",
        "Two of the seven carriers transmit data to the passenger information unit created by the decree of 2024. "
        "Twelve analysts have to be trained to write targeting rules.",
        "The National Police has one disposal team of eight technicians, trained abroad. The explosives law requires "
        "a licence for quarries. Technicians must be able to examine fragments after a blast.",
        "The prison service holds 74 persons convicted of terrorism in three prisons. An order of 2024 created a unit "
        "of five psychologists. Sixty staff should be able to apply a risk assessment.",
    ],
    "fr": [
        "La douane dispose de 12 scanners en vertu du décret de 2019; quarante agents doivent être en mesure de lire "
        "les images.",
        "La Direction de la logistique garde 14 000 fusils dans neuf dépôts. Un arrêté exige un comptage mensuel. Les "
        "magasiniers doivent pouvoir compter; ils ont suivi une formation en 2022.",
        "Le parquet antiterroriste a envoyé 64 demandes l'an dernier; le code de procédure pénale est muet sur les "
        "données. Neuf magistrats doivent être capables de demander leur conservation. Un groupe de travail existe.",
        "Deux transporteurs sur sept transmettent des données à la cellule d'information créée par la loi de 2024. "
        "Douze analystes doivent savoir écrire des règles de ciblage.",
        "La Police nationale a une équipe de déminage de huit techniciens, déjà formée. Le règlement sur les explosifs "
        "date de 1998. Les techniciens doivent être capables d'exploiter les fragments.",
        "L'administration pénitentiaire garde 74 condamnés dans trois prisons. L'arrêté de 2024 a créé une unité de "
        "cinq psychologues, déjà en place. Soixante agents doivent savoir évaluer le risque.",
    ],
    "es": [
        "La dirección de aduanas cuenta con 12 escáneres según el decreto de 2019; hay que capacitar a 40 agentes en "
        "la lectura de imágenes.",
        "La Dirección de Logística guarda 14.000 fusiles en nueve depósitos. Un reglamento de almacenes existe desde "
        "2021. Los encargados deben ser capaces de contar cada mes por número de serie.",
        "La Fiscalía envió 64 solicitudes; el código procesal calla sobre los datos. Ya existe un grupo de trabajo. "
        "Nueve fiscales deben ser capaces de pedir la conservación.",
        "Dos de siete transportistas transmiten datos a la unidad de información creada por la ley de 2024. Doce "
        "analistas deben poder redactar reglas de selección. La unidad dispone de locales.",
        "La Policía Nacional tiene un equipo de desactivación de ocho técnicos. El reglamento de explosivos data de "
        "1998. Los técnicos deben ser capaces de examinar fragmentos.",
        "El servicio penitenciario tiene 74 condenados en tres cárceles. Un decreto creó una unidad de cinco "
        "psicólogos. Sesenta funcionarios deben poder aplicar una evaluación de riesgos.",
    ],
    "ru": [
        "Таможенное управление уже имеет 12 сканеров согласно закону о таможне; сорок сотрудников должны быть "
        "способны читать снимки.",
        "На складах Министерства обороны хранится 14 000 винтовок в девяти пунктах. Приказ требует ежемесячного учета. "
        "Кладовщики должны уметь вести учет по номерам. Уже действует пробный реестр в одном складе.",
        "Прокуратура направила 64 запроса; кодекс умалчивает о данных. Создана рабочая группа из пяти прокуроров. "
        "Девять прокуроров должны уметь запрашивать сохранение данных.",
        "Два перевозчика из семи передают данные подразделению по анализу сведений, созданному указом 2024 года. "
        "Двенадцать аналитиков должны уметь составлять правила отбора. Помещения имеются.",
        "Полиция имеет одну группу из восьми техников. Положение о взрывчатых веществах устарело. Техники должны быть "
        "способны исследовать фрагменты.",
        "В трех тюрьмах содержатся 74 осужденных. Приказом создано подразделение из пяти психологов. Шестьдесят "
        "сотрудников должны быть способны проводить оценку риска.",
    ],
    "ar": [
        "لدى مديرية الجمارك 12 جهازا بموجب قانون الجمارك، ويجب أن يكون أربعون موظفا قادرين على قراءة الصور.",
        "تحفظ وزارة الدفاع 14000 بندقية في تسعة مستودعات. يطلب مرسوم سنة 2023 جردا شهريا. ينبغي أن يكون أمناء المخازن "
        "قادرين على الجرد بالرقم التسلسلي. يوجد سجل تجريبي في مستودع واحد.",
        "أرسلت النيابة العامة 64 طلبا. لا ينص قانون الإجراءات الجزائية على حفظ البيانات. ينبغي أن يكون تسعة مدعين "
        "قادرين على طلب الحفظ. توجد مسودة مادتين.",
        "ترسل شركتان من سبع بيانات المسافرين إلى شرطة الحدود بموجب لائحة سنة 2024. ينبغي أن يتمكن 12 محللا من كتابة "
        "قواعد الاستهداف. لدى الوحدة مقر.",
        "لدى الشرطة فريق واحد من ثمانية فنيين. قانون المتفجرات قديم. يجب أن يكون الفنيون قادرين على فحص الشظايا.",
        "في ثلاثة سجون 74 محكوما. أنشئت وحدة من خمسة أخصائيين بمرسوم سنة 2024. ينبغي تدريب ستين موظفا على تقييم الخطر.",
    ],
    "zh": [
        "海关现有12台扫描仪，依照《海关条例》使用，40名关员应能够判读图像。",
        "国防部在九个仓库存放14000支步枪。2023年法令要求每月清点。保管员应能够按编号清点。一个仓库已有试点登记册。",
        "检察院去年发出64份请求。《刑事诉讼法》未规定数据保全，已成立工作组。九名检察官应能够申请保全数据。",
        "七家航空公司中有两家向边防警察传送数据，依据2024年条例。十二名分析员应学会编写规则。办公室已经设立。",
        "公安现有一支排爆队，共八名技术员。爆炸物管理条例已过时。技术员应能够检验碎片。",
        "三所监狱关押74名被判刑人员。法令设立了由五名人员组成的小组，已经到位。六十名警员应能够进行风险评估。",
    ],
}

VAGUE = {
    "en": [
        "Legislative, material, technical and financial assistance is needed.",
        "The State requests support of a legal, technical, material and financial nature.",
        "Training, equipment and funding to strengthen the capacity of the competent authorities, which already exist.",
        "Capacity-building for all relevant agencies in line with relevant resolutions and international standards.",
        "Strengthen law enforcement in order to act on terrorism; training is already needed within two years.",
        "Help with laws, know-how, gear and money for the authorities, in accordance with national legislation.",
    ],
    "fr": [
        "Une assistance législative, matérielle, technique et financière est nécessaire.",
        "L'État demande un appui juridique, technique, matériel et financier.",
        "De la formation, des équipements et des fonds pour renforcer les autorités compétentes.",
        "Renforcement des capacités de tous les services concernés, conformément aux résolutions pertinentes.",
        "Renforcer l'action antiterroriste; une formation est nécessaire dans deux ans.",
        "Aide en matière de lois, de moyens, de conseils et d'argent, dans le respect du droit international.",
    ],
    "es": [
        "Se necesita asistencia legislativa, material, técnica y financiera.",
        "El Estado solicita apoyo jurídico, técnico, material y económico.",
        "Capacitación, equipo y fondos para fortalecer a las autoridades competentes.",
        "Creación de capacidad de todos los servicios pertinentes conforme a las resoluciones pertinentes.",
        "Reforzar la lucha antiterrorista; ya se necesita capacitación en dos años.",
        "Ayuda con leyes, conocimientos, medios y dinero, con arreglo al derecho internacional.",
    ],
    "ru": [
        "Требуется законодательная, материальная, техническая и финансовая помощь.",
        "Государство просит о поддержке правового, технического, материального и финансового характера.",
        "Обучение, оборудование и финансирование для укрепления компетентных органов.",
        "Наращивание потенциала всех соответствующих ведомств согласно соответствующим резолюциям.",
        "Укрепить борьбу с терроризмом; обучение уже необходимо в течение двух лет.",
        "Помощь законами, знаниями, техникой и деньгами в соответствии с нормами международного права.",
    ],
    "ar": [
        "هناك حاجة إلى مساعدة تشريعية ومادية وتقنية ومالية.",
        "تطلب الدولة دعما قانونيا وتقنيا وماديا وماليا.",
        "تدريب ومعدات وتمويل لتعزيز السلطات المختصة.",
        "بناء قدرات جميع الجهات المعنية وفقا للقرارات ذات الصلة.",
        "تعزيز مكافحة الإرهاب، والتدريب مطلوب خلال سنتين.",
        "مساعدة في القوانين والخبرات والمعدات والأموال وفقا للقانون الدولي.",
    ],
    "zh": [
        "需要立法、物质、技术和财政援助。",
        "该国请求在法律、技术、物质和资金方面提供支持。",
        "需要培训、设备和资金，以加强主管当局。",
        "根据有关决议，加强所有有关部门的能力建设。",
        "加强反恐工作；两年内需要培训。",
        "在法律、知识、设备和经费方面提供帮助，以符合国际法。",
    ],
}
