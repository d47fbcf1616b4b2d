"""Names of made-up people and companies, from many places, as a club in London has them."""

from typing import Final

_FIRST_NAMES: Final = """
    Aaliyah Abena Adaeze Adrian Agnieszka Ahmed Aisha Alasdair Alejandra Alice Amara Amélie Ana Andrzej Anika
    Anthony Aoife Arjun Astrid Aurélie Ayesha Beatriz Benedict Bilal Bronwen Callum Camille Carlos Catrin Charlotte
    Chiara Chidi Chloé Ciara Clara Conor Daiki Dalia Daniel Darius Dilip Edith Ekaterina Elena Eleni Eleri Elif
    Emeka Emily Emre Esme Ethan Fatima Femi Fergus Finn Fiona Francesca Freya Gareth George Giulia Grace Gwen Hana
    Hannah Harriet Haruto Hassan Helena Henry Hugo Ibrahim Ines Ingrid Isla Ivan Jack Jakub James Jasmine Javier Jia
    Joanna Jonas Jordan Jorge Josephine Joyce Juliet Kamal Karim Katarzyna Kenji Kofi Kwame Lars Laura Leila Leon
    Liam Linh Lucía Ludmila Maeve Magnus Malik Marcus Mariam Marta Mateo Matilda Maya Mehmet Mei Michael Mirela
    Mohammed Nadia Naomi Nathan Nia Niamh Nikhil Nina Noor Obinna Olga Oliver Olivia Omar Oscar Owen Pablo Petra
    Phoebe Piotr Priya Rachel Rafael Rania Ravi Rebecca Renée Rhys Rohan Rosa Ruth Sadia Samir Samuel Sanjay Sara
    Seán Sebastian Selin Shreya Siobhán Sofia Søren Stella Suki Tamara Tariq Theodora Thomas Tobias Tomasz Uma
    Vanessa Victor Wei Wen William Xavier Yasmin Yuki Yusuf Zainab Zara Zoë Zofia
"""
_LAST_NAMES: Final = """
    Abara Abbott Achebe Adeyemi Ahmed Akhtar Ali Alvarez Andersen Andreou Appiah Ashby Asante Aksoy Bailey Banerjee
    Barker Begum Bell Bennett Bianchi Birch Blake Boateng Bondarenko Bose Brandt Brennan Brown Burke Byrne Campbell
    Carter Castillo Chaudhry Chen Choi Clarke Coker Costa Cruz Dang Das Davies Delacroix Demir Desai Dhillon Diallo
    Dias Dubois Duffy Edwards Ekström Eriksen Evans Farah Fernandes Ferrari Fischer Fletcher Fontaine Forde Fraser
    Gallagher García Ghosh Gill Gomes Goldberg Graham Grant Green Griffiths Gupta Haddad Hall Hamid Hansen Harding
    Hassan Hayes Herrera Hill Hoffmann Holt Horvat Hughes Hussain Ibe Iqbal Ivanova Jackson Jensen Johansson Jones
    Joseph Kaczmarek Kapoor Kaur Kelly Khan Kim Kovács Kowalska Kumar Lam Larsen Laurent Lee Lewis Lim Lindqvist
    Lopes Mackenzie Mahmood Malik Martin Martínez Mbeki McAllister McCarthy Mensah Meyer Mitchell Mohamed Moore
    Moreau Morgan Murphy Nair Nakamura Ndlovu Nguyen Nielsen Novak Nowak Nwosu O'Brien O'Connor Okafor Okonkwo
    Oliveira Osei Owusu Papadopoulos Park Parker Patel Pereira Petrov Pham Phillips Popescu Price Quinn Rahman Ramos
    Rao Reed Reid Richter Roberts Romano Rossi Russo Ryan Sahin Saito Salazar Sandhu Santos Schneider Scott Sharma
    Shaw Silva Singh Smith Sørensen Stewart Suzuki Tan Tanaka Taylor Thapa Thomas Thompson Tran Turner Usman Vasquez
    Walker Wallace Walsh Wang Watanabe Watson Weber Whitfield Williams Wilson Wong Wood Wright Yamamoto Yang Yalman
    Young Zhang Zieliński
"""
FIRST_NAMES: Final = tuple(_FIRST_NAMES.split())
LAST_NAMES: Final = tuple(_LAST_NAMES.split())
COMPANIES: Final = (
    "Aldwych Press",
    "Ampersand & Daughters",
    "Arundel Analytics",
    "Beacon Architecture",
    "Brightwater Energy",
    "Carting Lane Films",
    "Coldharbour Coffee",
    "Copper Kettle Catering",
    "Daylight Robotics",
    "Eleven Bells Studio",
    "Embankment Legal",
    "Fathom Maps",
    "Fleet River Design",
    "Foxglove Care",
    "Garrick Games",
    "Halfpenny Payments",
    "Harbour & Hill",
    "Inkwell Editions",
    "Juniper Biotech",
    "Kestrel Logistics",
    "Lambeth Looms",
    "Lantern Theatre Company",
    "Magpie Insurance",
    "Mudlark Archaeology",
    "Northbank Records",
    "Oyster Quay Ventures",
    "Parchment Software",
    "Quill & Compass",
    "Rosewater Kitchens",
    "Saffron Street Food",
    "Seven Dials Optics",
    "Shoe Lane Engineering",
    "Silvertown Cycles",
    "Southwark Sound",
    "Tidewell Health",
    "Umber Paintworks",
    "Vauxhall Gardens Nursery",
    "Waterloo Works",
    "Wren & Watts",
    "Yarrow Education",
)
TITLES: Final = (
    "Engineer",
    "Designer",
    "Producer",
    "Accountant",
    "Office manager",
    "Researcher",
    "Editor",
    "Analyst",
    "Sales lead",
    "Director",
    "Apprentice",
    "",
)
